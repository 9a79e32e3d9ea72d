// The pages work without this. It switches on the GOV.UK components' comforts (show password, focus on the error summary).
import { initAll } from "../vendor/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

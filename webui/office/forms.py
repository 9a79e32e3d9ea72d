"""Form fields in GOV.UK dress. Fields check only form: what is typed must be readable; what is missing is told later (R7)."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import time
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from govuk_frontend_wtf.wtforms_widgets import (
    GovCheckboxesInput,
    GovDateInput,
    GovFileInput,
    GovPasswordInput,
    GovRadioInput,
    GovSelect,
    GovTextArea,
    GovTextInput,
)
from wtforms import DateField, IntegerField, PasswordField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional, Regexp, ValidationError

from governance.office.intake import misleads

Choices = Iterable[tuple[str, str]]
MAX_DOCUMENT_BYTES = 30 * 1024 * 1024


class PageForm(FlaskForm):  # type: ignore[misc]  # the library has no types
    """Every form of the office; it brings its CSRF token."""


class _Day(DateField):  # type: ignore[misc]  # as above
    """Day, month and year in three boxes, in that order."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.raw_data = [*valuelist, "", "", ""][:3]
        if not any(part.strip() for part in self.raw_data):
            self.data = None
            return
        try:
            super().process_formdata([" ".join(part.strip() for part in self.raw_data)])
        except ValueError as error:
            raise ValueError("Enter a day, month and year, like 5 12 2026") from error


def line(label: str, hint: str = "", *, at_most: int = 300) -> Any:
    return StringField(
        label,
        validators=[Length(max=at_most, message=f"Use at most {at_most} characters"), _as_it_reads],
        description=hint,
        filters=[_stripped],
        widget=GovTextInput(),
    )


def text(label: str, hint: str = "", *, at_most: int = 8000) -> Any:
    return TextAreaField(
        label,
        validators=[Length(max=at_most, message=f"Use at most {at_most} characters"), _as_it_reads],
        description=hint,
        filters=[_stripped],
        widget=GovTextArea(),
    )


def choice(label: str, choices: Choices, hint: str = "") -> Any:
    """Radio buttons, none of them chosen for you."""
    return RadioField(
        label, choices=list(choices), description=hint, validators=[_known_or_none], validate_choice=False, widget=GovRadioInput()
    )


def choices(label: str, choices: Choices, hint: str = "") -> Any:
    return SelectMultipleField(label, choices=list(choices), description=hint, widget=GovCheckboxesInput())


def select(label: str, choices: Choices, hint: str = "") -> Any:
    return SelectField(label, choices=[("", "Choose"), *choices], description=hint, widget=GovSelect())


def number(label: str, hint: str = "", *, at_most: int) -> Any:
    limit = NumberRange(0, at_most, message=f"Enter a whole number from 0 to {at_most}")
    return IntegerField(label, validators=[Optional(), limit], description=hint, widget=GovTextInput())


def day(label: str, hint: str = "For example, 5 12 2026") -> Any:
    return _Day(label, format="%d %m %Y", validators=[Optional()], description=hint, widget=GovDateInput())


def clock(label: str, hint: str = "24-hour clock, for example 14:30") -> Any:
    return StringField(
        label,
        validators=[Optional(), Regexp(r"^([01]?\d|2[0-3]):[0-5]\d$", message="Enter a time like 14:30")],
        description=hint,
        filters=[_stripped],
        widget=GovTextInput(),
    )


def document(label: str, hint: str = "") -> Any:
    return FileField(label, description=hint, widget=GovFileInput())


def password(label: str) -> Any:
    return PasswordField(label, validators=[Length(max=400)], widget=GovPasswordInput())


def clock_time(typed: str) -> time:
    """A checked `HH:MM` as a time."""
    hour, minute = typed.split(":")
    return time(int(hour), int(minute))


def digest_of_upload(upload: Any) -> str | None:
    """`sha256:<hex>` of an uploaded document, which itself is not kept; None where no file was chosen."""
    if not upload or not upload.filename:
        return None
    return "sha256:" + hashlib.file_digest(upload.stream, "sha256").hexdigest()


def checked(rule: Callable[[str], object]) -> Callable[[Any, Any], None]:
    """A validator from a function that raises ValueError in words for the person who typed."""

    def validate(_: Any, field: Any) -> None:
        try:
            rule(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error

    return validate


def _as_it_reads(_: Any, field: Any) -> None:
    """What is signed must be what is seen: no marks that reverse a line, no control characters. Names in any script are welcome."""
    if misleads(field.data or ""):
        raise ValidationError("Remove the invisible control characters: type the text again instead of pasting it")


def _known_or_none(_: Any, field: Any) -> None:
    if field.data and field.data not in {value for value, _ in field.choices}:
        raise ValidationError("Choose one of the answers")


def _stripped(typed: str | None) -> str:
    return (typed or "").strip().replace("\r\n", "\n")

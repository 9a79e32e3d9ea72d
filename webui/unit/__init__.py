"""The unit's console: gate, live, alert, end of day. It shows and orders; people decide (R46)."""

from webui.unit.app import create_app

__all__ = ["create_app"]

"""The office's pages: one blueprint per journey, every endpoint with its roles declared, all work done by governance services."""

from webui.office.app import create_app

__all__ = ["create_app"]

"""Errors that a user can cause and mend."""


class UserError(Exception):
    """One line: what is wrong, where, and what to do."""

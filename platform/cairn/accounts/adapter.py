"""What the account pages say when something is not right: what it is, and what to do."""

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter

MISMATCH = "No account has this name and this password. Check both, or ask for a new password."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth in our words. None of them tells whether an account exists."""

    error_messages: ClassVar[dict[str, str]] = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": MISMATCH,
        "email_password_mismatch": MISMATCH,
        "invalid_login": MISMATCH,
        "too_many_login_attempts": "That was too often. Wait five minutes, or ask for a new password.",
        "rate_limited": "That was too often. Wait a minute and try again.",
        "account_inactive": "This account is closed. Write to the people who run this site.",
        "enter_current_password": "This is not your present password. Type it again.",
        "incorrect_password": "This is not your password. Type it again.",
        "invalid_password_reset": "This link was used or is too old. Ask for a new one.",
        "email_taken": "An account has this address already. Sign in, or ask for a new password.",
        "duplicate_email": "This address is on your account already.",
        "max_email_addresses": "An account takes at most %d addresses. Remove one first.",
        "cannot_remove_primary_email": "This is your main address. Make another one the main one first.",
        "unverified_primary_email": "Confirm this address first: the link is in the mail that we sent.",
    }

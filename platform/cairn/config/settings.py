"""All settings, from the environment. ``docs/settings.md`` explains each; a test keeps the two in step."""

import sys
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

from cairn.config import environment as env

django_stubs_ext.monkeypatch()  # lets ModelAdmin[Run], Form[...] and the like be written at run time

ROOT = Path(__file__).resolve().parents[3]
HOME = Path(env.text("CAIRN_HOME", str(ROOT / "var"))).resolve()
PRODUCTION = env.flag("CAIRN_PRODUCTION", default=False)
DEBUG = env.flag("CAIRN_DEBUG", default=False) and not PRODUCTION
TESTING = "pytest" in sys.modules

# --- secrets and addresses
SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured("SECRET_KEY is not set. Production needs its own long random value.")
    SECRET_KEY = env.kept_secret(HOME / "secret-key")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

# --- rooms
INSTALLED_APPS = [
    "cairn.config.apps.ConfigConfig",
    "cairn.ui",
    "cairn.accounts",
    "cairn.catalog",
    "cairn.runs",
    "cairn.submissions",
    "cairn.review",
    "cairn.learning",
    "cairn.dashboard",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "cairn.config.apps.StaticFiles",
    "allauth",
    "allauth.account",
    "csp",
    "channels",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "rest_framework",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "compression_middleware.middleware.CompressionMiddleware",  # static files are already
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "cairn.config.problems.RefusalMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]
ROOT_URLCONF = "cairn.config.urls"
ASGI_APPLICATION = "cairn.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cairn.config.context.site",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

# --- data
DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", f"sqlite:///{HOME / 'cairn.sqlite3'}"), conn_max_age=None
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    HOME.mkdir(parents=True, exist_ok=True)
    # IMMEDIATE: a transaction that reads and then writes must not find the database locked in between.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
CACHES: dict[str, Any] = {
    "default": (
        {
            "BACKEND": "cairn.config.cache.TolerantRedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 2.0},
        }
        if REDIS_URL
        # Sessions, rate limits and what pages keep of a learner: about 20 kB for somebody who is here.
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 2000}}
    )
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# --- people
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")  # the suite signs in often
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = env.text("CAIRN_EMAIL_VERIFICATION", "mandatory" if PRODUCTION else "optional")
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "signup": "20/m/ip", "reset_password": "10/m/ip"}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_ADAPTER = "cairn.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "cairn.accounts.forms.SignInForm",
    "signup": "cairn.accounts.forms.CreateAccountForm",
    "reset_password": "cairn.accounts.forms.ForgottenPasswordForm",
    "reset_password_from_key": "cairn.accounts.forms.ResetPasswordByLinkForm",
    "change_password": "cairn.accounts.forms.NewPasswordForm",
    "add_email": "cairn.accounts.forms.AnotherAddressForm",
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/home"
LOGOUT_REDIRECT_URL = "/"

# --- mail
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if env.text('EMAIL_HOST') else 'console'}.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.whole("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=True)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Cairn <cairn@localhost>")
# Where people find the site: links in mails that no request causes begin with it.
SITE = env.text(
    "CAIRN_SITE",
    f"https://{ALLOWED_HOSTS[0]}" if PRODUCTION else f"http://127.0.0.1:{env.whole('PORT', 8000)}",
).rstrip("/")
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Cairn: "

# --- language and time: stored in UTC, shown in the learner's zone
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- static files: built by frontend/, hashed and compressed by whitenoise
STATIC_URL = "/static/"
CREDENTIAL_KEYS = HOME / "credential-keys"  # what certificates are signed with; the first is made when needed
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [ROOT / "frontend" / "dist"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "artifacts": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": HOME / "artifacts", "file_permissions_mode": 0o600},
    },
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG or TESTING
            else "cairn.config.storage.StaticFiles"
        )
    },
}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
WHITENOISE_USE_FINDERS = DEBUG or TESTING

# --- what a browser may do
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "cairn.config.views.csrf_failure"
SECURE_SSL_REDIRECT = PRODUCTION and env.flag("CAIRN_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^api/node/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
if env.flag("CAIRN_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 2**20

# --- API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "cairn.config.problems.handle",
    "DEFAULT_THROTTLE_RATES": {"token": "10/min", "submit": "30/min"},
    "NUM_PROXIES": env.whole("CAIRN_PROXIES", 0),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Cairn",
    "DESCRIPTION": "Read the curriculum, hand in code, follow its run, see your progress.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
}

# --- running learner code
SANDBOX = env.text("CAIRN_SANDBOX", "auto")
LEASE_SECONDS = env.whole("CAIRN_LEASE_SECONDS", 30)
SWEEP_SECONDS = env.whole("CAIRN_SWEEP_SECONDS", 5)
MAX_TRIES = 3
MAX_TRAIN_TRIES = env.whole("CAIRN_TRAIN_TRIES", 5)
GATHER_SECONDS = env.whole("CAIRN_GATHER_SECONDS", 120)  # that nodes of one run wait for each other
TRAIN_AT_ONCE = env.whole("CAIRN_TRAIN_AT_ONCE", 2)  # training runs of one person that wait or run
TRAIN_MINUTES = {  # that one person may keep devices busy within seven days
    "train-cpu": env.whole("CAIRN_CPU_MINUTES", 1200),
    "train-gpu": env.whole("CAIRN_GPU_MINUTES", 300),
}
ARTIFACTS_FREE_MB = env.whole("CAIRN_ARTIFACTS_FREE_MB", 1024)  # of the disk, that artifacts leave free
CURRICULUM = Path(env.text("CAIRN_CURRICULUM", str(ROOT / "curriculum")))

# --- Celery: the site's own queue (control) and the nodes' queues share one broker
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "control"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "cairn.runs.tasks.sweep", "schedule": SWEEP_SECONDS},
    "digests": {"task": "cairn.learning.tasks.send_digests", "schedule": 60},
    "exams": {"task": "cairn.submissions.tasks.settle_exams", "schedule": SWEEP_SECONDS},
}

# --- logs: one JSON object a line in production, readable on a terminal
LOG_LEVEL = env.text("CAIRN_LOG_LEVEL", "INFO")
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": (
                structlog.processors.JSONRenderer()
                if PRODUCTION
                else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
            ),
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "cairn": {"level": LOG_LEVEL},
        "grader": {"level": LOG_LEVEL},
        "django_structlog": {"level": "INFO" if PRODUCTION else "WARNING"},
    },
}

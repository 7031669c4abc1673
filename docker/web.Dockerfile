# The site: web, beat and the one-shot setup share this image. It holds no torch and runs no learner code.
FROM node:20-slim AS front
WORKDIR /src
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app:/app/platform CAIRN_HOME=/data
WORKDIR /app
COPY constraints.txt ./
COPY platform/requirements.txt platform/requirements.txt
RUN pip install --no-cache-dir -r platform/requirements.txt
COPY manage.py ./
COPY grader grader
COPY platform platform
COPY curriculum curriculum
COPY --from=front /src/dist frontend/dist
RUN useradd --uid 10001 --create-home cairn && mkdir -p /data/artifacts && chown -R cairn /data
USER cairn
# The static files are hashed and compressed here, once, and not at each start.
RUN SECRET_KEY=only-for-this-step CAIRN_PRODUCTION=1 python manage.py collectstatic --no-input
EXPOSE 8000
CMD ["uvicorn", "cairn.config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--no-access-log"]

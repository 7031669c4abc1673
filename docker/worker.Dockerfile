# A node: runs learner code. No Django, no database driver, no secret; it knows the broker and the site's address.
FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY constraints.txt ./
COPY grader/requirements.txt grader/node.txt grader/
COPY grader/training/requirements.txt grader/training/
RUN pip install --no-cache-dir -c constraints.txt -r grader/requirements.txt -r grader/training/requirements.txt -r grader/node.txt
COPY grader/data.txt grader/
RUN pip install --no-cache-dir --no-deps -r grader/data.txt
COPY grader grader
RUN useradd --uid 10001 --create-home cairn
USER cairn
CMD ["celery", "-A", "grader.worker", "worker", "--queues", "interactive,grade,train-cpu", "--pool", "threads", "--loglevel", "INFO"]

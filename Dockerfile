# docker build -t airace .
# docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL -p 8000:8000 -v airace:/data airace
#
# The image holds the wheel and its pinned dependencies. All that changes is the database in
# /data; the root file system can be read-only.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src

# First what seldom changes, so that a change of the code installs nothing again.
COPY requirements/ requirements/
RUN python -m venv /opt/airace \
 && /opt/airace/bin/pip install --require-hashes -r requirements/run.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes -r requirements/build.txt

COPY pyproject.toml README.md LICENSE ./
COPY app/ app/
COPY migrations/ migrations/
COPY seed/ seed/
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/airace/bin/pip install --no-deps --no-index /dist/*.whl \
 && /opt/airace/bin/pip check \
 && /opt/airace/bin/pip uninstall --yes pip

FROM python:3.13-slim
LABEL org.opencontainers.image.title="AI Race Indicators" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 airace \
 && useradd --uid 10001 --gid airace --no-create-home --home-dir /data --shell /usr/sbin/nologin airace \
 && install --directory --owner=airace --group=airace /data
COPY --from=build /opt/airace /opt/airace
ENV PATH=/opt/airace/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    AIRACE_DATABASE_URL=sqlite:////data/airace.db
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/health\", timeout=4)"]
CMD ["airace", "serve"]

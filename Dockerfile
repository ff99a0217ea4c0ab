# One image for every role; the command line picks the role. Build: docker build -t uketsuke .
# The base is pinned by its tag; pin its digest too where builds must be repeatable to the byte:
#   docker build --build-arg PYTHON=python:3.11-slim-bookworm@sha256:...
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /build
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY tools tools
# One lock holds everything; of it, what builds wheels stays in this stage, and what runs goes into a folder without pip. Two
# packages come as source only: they too are built by what the lock pins, not by what an index has today (--no-build-isolation).
RUN python -m tools.runtime_lock --of hatchling setuptools > build.txt \
 && python -m tools.runtime_lock > runtime.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/python -m pip install --no-cache-dir --only-binary :all: --require-hashes -r build.txt \
 && /opt/build/bin/python -m pip wheel --no-cache-dir --no-build-isolation --require-hashes --wheel-dir /wheels -r runtime.txt
COPY models models
COPY policy policy
COPY ingest ingest
COPY classify classify
COPY responders responders
COPY desk desk
COPY reports reports
COPY runtime runtime
RUN /opt/build/bin/python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m venv --without-pip /opt/uketsuke \
 && /opt/build/bin/python -m pip --python /opt/uketsuke/bin/python install --no-cache-dir --no-index --no-deps /wheels/*.whl

FROM ${PYTHON}
LABEL org.opencontainers.image.title="uketsuke" \
      org.opencontainers.image.description="The front desk of a support centre: mail in by SMTP, the right letter out, a triaged queue for agents" \
      org.opencontainers.image.licenses="MIT"
# An ordinary user of a fixed number, for the owners of volumes and secrets: nothing here needs root, every port is above 1024.
# Nothing that installs software stays in the image.
RUN groupadd --system --gid 10001 uketsuke \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/uketsuke --no-create-home --shell /usr/sbin/nologin uketsuke \
 && install -d -m 0750 -o uketsuke -g uketsuke /var/lib/uketsuke \
 && python -m pip uninstall --yes --root-user-action=ignore pip setuptools wheel
COPY --from=build /opt/uketsuke /opt/uketsuke
# The root file system may be read-only: what is written goes to the data folder and, for the pictures of reports, to /tmp.
ENV PATH=/opt/uketsuke/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    UKETSUKE_DATA_DIR=/var/lib/uketsuke \
    UKETSUKE_WATCH_PORT=9464
USER 10001:10001
WORKDIR /var/lib/uketsuke
VOLUME /var/lib/uketsuke
EXPOSE 8025 8080 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["uketsuke", "probe"]
ENTRYPOINT ["uketsuke"]
CMD ["serve"]

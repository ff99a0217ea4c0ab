# One image for every role; the command line picks the role.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/uketsuke \
 && /opt/uketsuke/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY models models
COPY policy policy
COPY ingest ingest
COPY classify classify
COPY responders responders
COPY desk desk
COPY reports reports
COPY runtime runtime
RUN /opt/uketsuke/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
# An ordinary user: nothing here needs root, the listener's port is above 1024.
RUN useradd --system --uid 10001 --create-home uketsuke && install -d -o uketsuke -g uketsuke /var/lib/uketsuke
COPY --from=build /opt/uketsuke /opt/uketsuke
ENV PATH=/opt/uketsuke/bin:$PATH PYTHONUNBUFFERED=1 UKETSUKE_DATA_DIR=/var/lib/uketsuke
USER uketsuke
WORKDIR /var/lib/uketsuke
VOLUME /var/lib/uketsuke
EXPOSE 8025 8080
ENTRYPOINT ["uketsuke"]
CMD ["serve"]

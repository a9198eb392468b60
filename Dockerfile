# genreel serve, and every other command: docker run genreel predict …
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m venv /opt/genreel \
 && /opt/genreel/bin/pip install --no-cache-dir '.[app,languages,parquet,read]'

FROM python:3.12-slim
RUN useradd --uid 1000 --create-home genreel \
 && install --directory --owner genreel /data
COPY --from=build /opt/genreel /opt/genreel
ENV PATH=/opt/genreel/bin:$PATH \
    GENREEL_STORE=/data/films.db \
    GENREEL_CACHE=/data/cache \
    PYTHONUNBUFFERED=1
USER 1000
WORKDIR /data
VOLUME /data
EXPOSE 8750
# The store answers and films are taken; a model takes some seconds to load.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8750/health/ready', timeout=8)"]
ENTRYPOINT ["genreel"]
CMD ["serve", "--host", "0.0.0.0"]

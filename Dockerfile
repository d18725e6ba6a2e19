# One image for every role: the command chooses (web by default, worker, beat, flower, migrate, simulator).
FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/
# Of the Google client's 110 MB of API descriptions only YouTube's is used.
RUN /opt/venv/bin/pip install --quiet --require-hashes --only-binary :all: -r /tmp/requirements.txt \
 && find /opt/venv -path '*/googleapiclient/discovery_cache/documents/*' ! -name youtube.v3.json -delete \
 && /opt/venv/bin/pip uninstall --quiet --yes pip
WORKDIR /app
COPY . .
# The root is read-only at run time, so bytecode is made here; a strict umask of the checkout ends here too.
RUN python -m compileall -q . && chmod -R a+rX,go-w .

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="Newsreel" \
      org.opencontainers.image.description="A self-hosted feed of the newest YouTube videos for the keywords and channels you watch"
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp HOST=0.0.0.0 PORT=5001
# The folders that compose mounts volumes on: a new volume takes over their owner.
RUN groupadd --gid 10001 newsreel \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin newsreel \
 && install -d -o 10001 -g 10001 -m 0750 \
      /run/newsreel /secrets /secrets/app /secrets/worker /secrets/beat /secrets/flower \
      /secrets/migrate /secrets/mysql /secrets/redis /secrets/prometheus /secrets/grafana
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY --from=build /app .
# Settings come from the environment or, under compose, from the file that its init service writes.
RUN ln -s /run/newsreel/settings.env .env
USER 10001:10001
EXPOSE 5001
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5001/health', timeout=4)"]
CMD ["gunicorn", "-c", "gunicorn.conf.py", "app.wsgi:app"]

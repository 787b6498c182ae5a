#!/bin/sh
# Serves the folder site/ beside this script on the given port, with the first
# web server that this machine has, until it is killed.
port=${1:?usage: serve.sh PORT}
cd "$(dirname "$0")/site" || exit 1
echo "serving $(pwd) on port $port"
if command -v python3 >/dev/null 2>&1; then exec python3 -m http.server "$port"; fi
if command -v busybox >/dev/null 2>&1; then exec busybox httpd -f -p "$port"; fi
if command -v ruby >/dev/null 2>&1; then exec ruby -run -e httpd . -p "$port"; fi
if command -v php >/dev/null 2>&1; then exec php -S "0.0.0.0:$port"; fi
echo "no web server found: install python3, busybox, ruby or php" >&2
exit 127

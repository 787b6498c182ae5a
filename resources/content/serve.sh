#!/bin/sh
# Serves the folder site/ beside this script on the given port, with the first
# web server that this machine has, until it is killed.
port=${1:?usage: serve.sh PORT}
cd "$(dirname "$0")/site" || exit 1
echo "serving $(pwd) on port $port"
have() { command -v "$1" >/dev/null 2>&1; }
if have python3; then exec python3 -m http.server "$port"; fi
if have busybox && busybox --list | grep -qx httpd; then exec busybox httpd -f -p "$port"; fi
if have ruby && ruby -e 'require "un"; require "webrick"' 2>/dev/null; then exec ruby -run -e httpd . -p "$port"; fi
if have php; then exec php -S "0.0.0.0:$port"; fi
if have perl; then exec perl -MIO::Socket::INET -e '
  my $s = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 9, ReuseAddr => 1) or die "listen: $!\n";
  while (my $c = $s->accept) {
    my ($path) = (<$c> // "") =~ m{^GET /([\w./-]*)};
    while (my $h = <$c>) { last if $h =~ /^\r?$/ }
    $path = "index.html" if defined $path && $path eq "";
    my $ok = defined $path && $path !~ /\.\./ && open(my $f, "<", $path);
    my $body = $ok ? do { local $/; <$f> } : "not found\n";
    my $type = $ok && $path =~ /\.css$/ ? "text/css" : $ok ? "text/html; charset=utf-8" : "text/plain";
    printf $c "HTTP/1.0 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", $ok ? "200 OK" : "404 Not Found", $type, length $body, $body;
    close $c;
  }' "$port"; fi
echo "no web server found: install python3, busybox, ruby, php or perl" >&2
exit 127

#!/bin/sh
# GET /reports, for callers with the permission reports:read. Reads one request from standard input,
# as socat and inetd pass it, and writes the answer to standard output.
set -eu
ulimit -v 500000 # KiB, however much a client sends

answer() { # STATUS HEADER [BODY]
    printf 'HTTP/1.1 %s\r\n%s\r\nConnection: close\r\n\r\n%s' "$1" "$2" "${3-}"
    exit
}

head=$(timeout 5 sed -u '/^\r*$/q' | head -c 16384 | tr -d '\r')
case $head in
"GET /reports "*) ;;
*) answer '404 Not Found' 'Content-Length: 0' ;;
esac

# The token goes through standard input: arguments are shown in the list of processes. curl follows
# no redirect; --disable ignores .curlrc, --noproxy the proxies of the environment.
reply=$(printf '%s\n' "$head" | grep -i '^authorization:' | curl --disable --silent --noproxy '*' \
    --max-time 2 --request POST --header @- --include \
    "$SSO_URL/auth/validate?permission=reports:read") || reply=

header() { # NAME DEFAULT
    printf '%s\n' "$reply" | tr -d '\r' | grep -i "^$1:" || echo "$1: $2"
}
status=$(printf '%s\n' "$reply" | sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p')
user=$(printf '%s\n' "$reply" | sed -n 's/^{.*"username":"\([^"\\]*\)".*/\1/p')
case $status in
200) [ -z "$user" ] || answer '200 OK' 'Content-Type: application/json' "{\"hello\":\"$user\"}" ;;
400 | 401 | 403) answer "$status Refused" "$(header WWW-Authenticate Bearer)" ;;
esac
answer '503 Service Unavailable' "$(header Retry-After 1)"

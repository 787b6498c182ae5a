"""Turns a terminal's screen with colour escapes (SGR) on stdin into an HTML page."""
import html
import re
import sys

COLOURS = ["#2e3440", "#d5605f", "#8fbf72", "#e0b35c", "#7aa2f7", "#bb8bd6", "#6cc0c9", "#d8dee9"]


def style(codes):
    """the CSS of the SGR codes in force"""
    css, bright = [], False
    for c in codes:
        if c == 1:
            css.append("font-weight:bold")
            bright = True
        elif c == 2:
            css.append("opacity:.6")
        elif c == 3:
            css.append("font-style:italic")
        elif c == 4:
            css.append("text-decoration:underline")
        elif 30 <= c <= 37:
            css.append("color:" + ("#8b93a5" if c == 30 and bright else COLOURS[c - 30]))
        elif 90 <= c <= 97:
            css.append("color:" + ("#8b93a5" if c == 90 else COLOURS[c - 90]))
    return ";".join(css)


def main():
    out, codes = [], []
    for part in re.split(r"(\x1b\[[0-9;]*m)", sys.stdin.read().rstrip("\n")):
        m = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
        if not m:
            out.append('<span style="%s">%s</span>' % (style(codes), html.escape(part)) if codes else html.escape(part))
            continue
        for c in [int(x or 0) for x in m.group(1).split(";")]:
            if c == 0:
                codes = []
            elif c in (22, 39):
                codes = [x for x in codes if (x not in (1, 2) if c == 22 else not (30 <= x <= 37 or 90 <= x <= 97))]
            else:
                codes = codes + [c]
    print("""<!doctype html><meta charset="utf-8"><style>
body{margin:0;background:#1d2129;padding:22px 26px}
pre{margin:0;color:#d8dee9;font:15px/1.34 "DejaVu Sans Mono",monospace;white-space:pre}
</style><pre>%s</pre>""" % "".join(out))


main()

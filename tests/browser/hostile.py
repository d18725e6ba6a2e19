"""Texts of people who would like to run something in the browser of whoever reads them.

Each would call `canary()`, or make an element that is called `pwned`, if any reader of it took it
for more than text: HTML, an attribute, an address, a template, a script, a style or an htmx
attribute. None is longer than a keyword may be, so each can stand everywhere.
"""

from __future__ import annotations

TEXTS: tuple[str, ...] = (
    # HTML
    "<script>canary()</script>",
    "<ScRiPt >canary()</sCrIpT >",
    "<img id=pwned src=x onerror=canary()>",
    "<svg id=pwned onload=canary()>",
    "<svg><script href='data:text/javascript,canary()'/></svg>",
    "<svg><animate onbegin=canary() attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img id=pwned src=x onerror=canary()>",
    "<details open ontoggle=canary()><summary id=pwned>more</summary></details>",
    "<iframe id=pwned srcdoc='<script>parent.canary()</script>'></iframe>",
    "<object id=pwned data='javascript:canary()'></object>",
    "<form id=pwned action=javascript:canary()><button>Go</button></form>",
    "<input id=pwned autofocus onfocus=canary()>",
    "<base id=pwned href='https://example.org/'>",
    "<link id=pwned rel=stylesheet href='https://example.org/x.css'>",
    '<meta id=pwned http-equiv=refresh content="0;url=javascript:canary()">',
    "<template id=pwned><script>canary()</script></template>",
    "<!--><script>canary()</script>-->",
    "<![CDATA[><script>canary()</script>]]>",
    # the end of what it may stand in
    '"><script>canary()</script>',
    "'><script>canary()</script>",
    '" autofocus onfocus="canary()" id="pwned',
    "' onmouseover='canary()' id='pwned",
    "` onerror=canary() `",
    "</title><script>canary()</script>",
    "</textarea><script>canary()</script>",
    "</script><script>canary()</script>",
    "</style><img id=pwned src=x onerror=canary()>",
    "--></noscript><img id=pwned src=x onerror=canary()>",
    "*/canary()/*",
    "\\');canary();//",
    "</template></select><img id=pwned src=x onerror=canary()>",
    # addresses
    "javascript:canary()",
    " java\tscript:canary()".strip().replace("\t", "&Tab;"),
    "data:text/html,<script>canary()</script>",
    "//example.org/pwned.js",
    # templates and frameworks
    "{{ canary() }}{% raw %}{{ 7 * 191 }}{% endraw %}",
    "${canary()}#{canary()}<%= canary() %>",
    "{{constructor.constructor('canary()')()}}",
    "<div id=pwned hx-get=/ hx-trigger=load hx-on:htmx:load=canary()></div>",
    "<b id=pwned data-hx-on-load=canary() data-show=number>1</b>",
    "%3Cscript%3Ecanary()%3C/script%3E",
    "&lt;script&gt;canary()&lt;/script&gt;",
    "&#60;img id=pwned src=x onerror=canary()&#62;",
    "\\u003cscript\\u003ecanary()\\u003c/script\\u003e",
    "+ADw-script+AD4-canary()+ADw-/script+AD4-",
    # Unicode
    "\uff1cscript\uff1ecanary()\uff1c/script\uff1e",
    "\u202e<script>canary()</script>\u202c",
    "<scr\u200bipt>canary()</scr\u200bipt>",
    "\u2028<script>canary()</script>\u2029end",
    "\ufeff<img id=pwned src=x onerror=canary()>\ufffd",
)

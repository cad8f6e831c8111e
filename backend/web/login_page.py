"""The login form: no script, so that it works whatever the page's own state."""

from backend.vocabulary.language import Language

_WORDS = {
    Language.EN: {
        "lang": "en",
        "title": "Log in to ding-robot",
        "label": "Access token",
        "button": "Log in",
        "hint": "An administrator makes a token on the server with <code>ding-robot token create NAME</code>.",
    },
    Language.ZH: {
        "lang": "zh-CN",
        "title": "登录 ding-robot",
        "label": "访问令牌",
        "button": "登录",
        "hint": "管理员可以在服务器上用 <code>ding-robot token create NAME</code> 创建令牌。",
    },
}
_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ display: grid; place-items: center; min-height: 100vh; margin: 0; }}
main {{ width: min(24rem, 90vw); }}
h1 {{ font-size: 1.25rem; }}
input, button {{ box-sizing: border-box; width: 100%; padding: .6rem; margin-top: .4rem; font: inherit; }}
button {{ margin-top: 1rem; cursor: pointer; }}
[role=alert] {{ color: #c62828; }}
small {{ display: block; margin-top: 1rem; opacity: .75; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{problem}
<form method="post" action="/login">
<label for="token">{label}</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus maxlength="200">
<input name="next" type="hidden" value="{target}">
<button type="submit">{button}</button>
</form>
<small>{hint}</small>
</main>
</body>
</html>
"""


def write_login_page(language: Language, *, target: str, problem: str) -> str:
    """`target` and `problem` are escaped already."""
    alert = f'<p role="alert">{problem}</p>' if problem else ""
    return _PAGE.format(**_WORDS[language], target=target, problem=alert)

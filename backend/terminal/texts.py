"""Everything the terminal client says itself, in both languages."""

from backend.vocabulary.language import Text

NOT_REACHABLE = Text(
    en="Nothing answers at {url} ({reason}).\n"
    "Start the product with `ding-robot demo` (simulated cluster) or `ding-robot web` (your cluster),\n"
    "or name another address with --url.",
    zh="{url} 没有应答（{reason}）。\n"
    "请先用 `ding-robot demo`（模拟集群）或 `ding-robot web`（您的集群）启动，\n"
    "或用 --url 指定其他地址。",
)
NOT_ALLOWED = Text(
    en="This backend wants a token: pass --token, or set DING_ROBOT_TOKEN.",
    zh="该后端需要令牌：请使用 --token 或设置 DING_ROBOT_TOKEN。",
)
NOT_OURS = Text(
    en="{url} answers, but not as this product does (HTTP {status}).",
    zh="{url} 有应答，但不像是本产品（HTTP {status}）。",
)
PLAIN_TOKEN = Text(
    en="Warning: the token travels unencrypted to {url}.",
    zh="警告：令牌将以明文发送到 {url}。",
)
CONNECTION_LOST = Text(
    en="Connection lost; reading on in {seconds:.0f} s …",
    zh="连接中断，{seconds:.0f} 秒后继续读取……",
)
CONNECTION_GIVEN_UP = Text(
    en="The connection did not come back. The run goes on in the backend: /open it later.",
    zh="连接未能恢复。任务仍在后端继续，稍后可用 /open 打开。",
)
WELCOME = Text(
    en="ding-robot at {url} · answers by {model} · /help lists the commands",
    zh="ding-robot {url} · 由 {model} 回答 · /help 查看命令",
)
RULES = Text(en="built-in rules", zh="内置规则")
HELP = Text(
    en="""/sessions [WORDS]  list or search saved chats
/open N|ID         open one of the list
/new               begin another chat
/model [NAME]      show the models, or choose one (`/model default` for the settings' own choice)
/tools             the tools and their servers
/approvals         open questions of this chat
/cancel            stop what runs in this chat
/help  /quit
A line that ends in \\ goes on in the next one. Ctrl-C stops a run; pressed twice, it leaves.""",
    zh="""/sessions [关键词]  列出或搜索会话
/open 序号|ID      打开列表中的会话
/new               新建会话
/model [名称]      显示模型或选择模型(`/model default` 恢复默认)
/tools             工具及其服务器
/approvals         本会话待审批的变更
/cancel            停止本会话正在执行的任务
/help  /quit
行末加 \\ 可继续输入下一行。Ctrl-C 停止任务,连按两次退出。""",
)
UNKNOWN_COMMAND = Text(en="There is no command {name}; /help lists them.", zh="没有命令 {name}，/help 可查看全部命令。")
NO_SESSIONS = Text(en="No saved chats.", zh="没有会话。")
NEW_SESSION = Text(en="New chat.", zh="已新建会话。")
NO_SUCH_NUMBER = Text(
    en="There is no {name} in the list; /sessions shows it.", zh="列表中没有 {name}，请先用 /sessions 查看。"
)
UNTITLED = Text(en="(no question yet)", zh="（尚未提问）")
EARLIER = Text(en="… earlier messages are not shown", zh="……更早的消息未显示")
MODEL_CHOSEN = Text(en="Model: {name}", zh="模型：{name}")
MODEL_DEFAULT = Text(en="as the settings say", zh="按设置")
NOTHING_RUNS = Text(en="Nothing runs in this chat.", zh="本会话没有正在执行的任务。")
NOTHING_OPEN = Text(en="No open approvals.", zh="没有待审批的变更。")
CANCELLING = Text(
    en="Stopping … (Ctrl-C again leaves; the backend stops it all the same)",
    zh="正在停止……（再按 Ctrl-C 退出，后端仍会停止任务）",
)
PRESS_AGAIN = Text(en="Ctrl-C again, or /quit, leaves.", zh="再按一次 Ctrl-C 或输入 /quit 退出。")
WITHDRAWN = Text(
    en="— the lines above broke off and do not count; asked again —", zh="—— 以上内容中断作废，已重新提问 ——"
)
REASONING = Text(en="thought: {count} characters", zh="思考过程：{count} 字")
APPROVAL_TITLE = Text(en="Approval needed", zh="需要审批")
APPROVAL_PROMPT = Text(
    en="Do this? y = yes, Enter = no, n REASON = no with a reason: ",
    zh="是否执行？y = 执行，回车 = 不执行，n 理由 = 拒绝并说明：",
)
APPROVAL_PROMPT_SESSION = Text(
    en="Do this? y = yes, s = yes for this chat, Enter = no, n REASON = no with a reason: ",
    zh="是否执行？y = 执行，s = 本会话内都执行，回车 = 不执行，n 理由 = 拒绝并说明：",
)
APPROVAL_LEFT_OPEN = Text(
    en="Left open until {time}; /approvals asks again.", zh="保留待审批，有效期至 {time}；可用 /approvals 再次处理。"
)
APPROVAL_STATES = {
    "approved": Text(en="approved by {who}", zh="已由 {who} 批准"),
    "rejected": Text(en="rejected by {who}", zh="已由 {who} 拒绝"),
    "expired": Text(en="expired", zh="已过期"),
}
TOOL_STATUSES = {
    "ok": Text(en="ok", zh="成功"),
    "error": Text(en="error", zh="失败"),
    "declined": Text(en="declined", zh="未执行"),
    "unknown": Text(en="outcome unknown", zh="结果未知"),
    "cancelled": Text(en="cancelled", zh="已取消"),
    "awaiting_approval": Text(en="waits for approval", zh="等待审批"),
    "running": Text(en="running", zh="执行中"),
    "streaming": Text(en="being written", zh="生成中"),
}
RUN_CANCELLED = Text(en="Stopped.", zh="已停止。")
RUN_FAILED = Text(en="Failed: {message}", zh="失败：{message}")
RUN_USAGE = Text(en="{model} · {input} tokens in, {output} out", zh="{model} · 输入 {input}，输出 {output} 个 token")
EMPTY_MESSAGE = Text(en="The message is empty.", zh="消息为空。")

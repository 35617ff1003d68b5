r"""The words of the phrases that the gate looks for: a verb and what it acts on, by kind of effect.

Word lists are regular expressions, one a word; `\s` is a space in one.
"""

from __future__ import annotations

import re


def _any(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


def _verb(stems: str, endings: str = "e es ed s ing") -> str:
    return rf"(?<![\w-]){_any(stems)}{_any(endings)}?\b"


def _gap(words: int) -> str:
    r"""At most so many words between two that matter. `\w` and `\W` share no character: one way to match."""
    return rf"\W+(?:\w+\W+){{0,{words}}}?"


def _unless_after(befores: str, between: str) -> str:
    """Where none of these stands before it, nor one with one of the others in between."""
    ends = [before + more for before in befores.split() for more in ("", *(f" {word}" for word in between.split()))]
    return "".join(rf"(?<!\b{end}\ )" for end in ends)


_FEW = _gap(12)

_DATA = _any(r"""files? folders? director(?:y|ies) documents? records? rows? tables? entr(?:y|ies) events?
    messages? e-?mails?
    branch(?:es)? commits? history backups? logs? data(?:sets?|bases?)? originals? accounts? repositor(?:y|ies) repos?
    volumes? disks? drives? buckets? snapshots? artifacts? notes? issues? contacts? photos? comments? tickets? quarters?
    \.\w{1,8}""")

_ANY = _any("everything them it all")

_SINK = _any(r"""servers? end-?points? webhooks? collectors? services? remotes? third[-\s]part(?:y|ies) external\w*
    outside off-?site clouds? buckets? ftp s3 paste-?bins? gists? public(?:ly)? internet web\s?sites? hosts?
    recipients? (?:e-?mail\s)?address(?:es)? inbox telemetry analytics everyone anyone vendors? partners? dropbox
    google\sdrive onedrive slack discord telegram sharepoint mailbox(?:es)? channels? intranet
    (?:shared|team|network)\s\w+ maintainers? mirrors? metrics internet""")
"""Where others read."""

_ROLES = _any(r"""agenc(?:y|ies) affiliates? sponsors? mentors? (?:line|account|project|store|general)\smanagers?
    supervisors? boss(?:es)? colleagues? co-?workers? departments? committees? authorit(?:y|ies) auditors?
    regulators? lawyers? attorneys? journalists? reporters? press investors? insurers? advertisers? lenders? banks?
    brokers? neighbou?rs? landlords? relatives? friends? family coordinators? administrators? contractors?
    consultants? resellers? competitors? researchers? recruiters? employers? compan(?:y|ies) suppliers?
    (?:sales|marketing)\steam (?:mailing|department|distribution)\slists? (?:group|team)\schats? chat\sgroups?
    forums? number snippets? glossar(?:y|ies) archives?""")
"""Others than the user."""

_PERSONAL = _any(r"""personal private confidential sensitive users?(?:'s)? customers? clients? employees? location \.env
    environment system""")

_CREDENTIAL = _any(r"""pass[-\s]?(?:words?|phrases?|codes?) pin\s(?:codes?|numbers?) credentials? 2fa otps? mfa
    one-time\scodes?
    (?<!\bno\s)api[\s_-]?keys? (?:access|private|secret|ssh|signing|encryption|license)[\s_-]?keys?
    (?:access|auth\w*|bearer|refresh|session|api|personal\saccess)[\s_-]tokens?""")

_HANDLED = rf"(?:{_CREDENTIAL}|secrets?|log-?ins?|cookies?)"
"""With words that are too common to stand for a credential by themselves, but not as what a verb acts on."""

_READ = _any(r"""pages? web\s?sites? sites? documents? files? comments? headers? e-?mails? messages? outputs? results?
    attachments? issues? tickets? responses? repositor(?:y|ies) links?""")
"""What an agent reads and nobody vouches for."""

_INTIMATE = (
    r"(?:environment(?:\s?variables?|'s)?|env\svars?|connection\sstrings?|system\sprompts?|clipboard|key\s?strokes?"
    r"|(?:home|postal|ip|street)\saddress(?:es)?|whereabouts|geo-?location|(?:browser|browsing|chat|shell|command)\shistory"
    r"|(?:bank|card|account|credit\scard|passport|social\ssecurity)\s(?:details?|data|numbers?)"
    r"|log-?in\sdata|(?:saved|stored)\s(?:log-?ins?|passwords?)|(?:customer|user|client|employee)\s(?:lists?|data)"
    r"|what\sthe\suser\s(?:types?|says|does|writes?))"
)
"""What a note, log or file of an agent must not hold without somebody's knowing."""

_GUARD = _any(r"""checks? confirm\w* verif\w* validat\w* warnings? safe\w* tests? hooks? reviews? permissions?
    sandbox\w* guard\w* polic(?:y|ies) limits? restrictions? instructions? rules? secur\w*
    auth(?:entic\w*|ori[sz]\w*|n|z)? approvals? prompts? consent encryption signatures? certificates? tls ssl
    logging audit\w* monitoring alerts? backups? protections? firewalls? antivirus filters? scann\w* dry[-\s]runs?
    signatures? linters? errors? assertions?""")

_OFF = _any("off disabled lifted skipped paused waived bypassed ignored suspended removed assumed presumed unnecessary")

_MONEY = _any(r"""payments? purchases? payees? (?:bank|payment)\sdetails saved\scards? money funds? debits? refunds?
    loans? donations? bids? trades? stakes? salar(?:y|ies) invoices? subscriptions?
    (?:sell|buy|purchase|market)\sorders? (?:paid|premium|yearly|annual|monthly|savings)\splans?""")

_PERSON = _any("users? humans? person instruct\\w* request\\w* reviewers? owners?")
_IF_TOLD = rf"\s+only\s+(?:after|when|once|if|with)\s+(?:(?:an?|the|your)\s+)?(?:{_PERSON}|reviews?|approval)"
_ASK = _any("ask\\w* confirm\\w* tell\\w* notif\\w* inform\\w* warn\\w*")
_APPROVE = _any(r"approv\w* accept\w* allow\w* grant\w* authori[sz]\w* trust\w* merge")
_WHATEVER = r"(?:regardless\ of|no\ matter\ what|even\ (?:if|when|though)|despite|against)"
_DO_NOT = (
    r"(?:do\ not|don['\u2019]?t|never|no\ need\ to|need\ not|skip)"
    r"(?!\s+(?:forget|fail|hesitate|neglect|omit|miss|skip|refuse|ignore|suppress|silence|disable|hide|drop|lose|remove)\b)"
)
"""Not where the next word turns it round: 'never skip asking' is a safeguard."""

PATTERNS: dict[str, tuple[str, ...]] = {
    "destruction": (
        r"(?<!\ba )(?<!\ban )(?<!\bthe )(?<!\bis )"
        + _verb(
            r"""delet remov eras wip purg drop truncat destroy overwrit shred unlink discard clear clean uninstall
            trash prun get\srid\sof throw
            encrypt""",
            "e es ed s ing p?ping p?ped",
        )
        + rf"(?:\s+(?:up|out|away))?(?:{_FEW}(?<!\btemp )(?<!\btemporary ){_DATA}|{_gap(3)}{_ANY})(?!\w)",
        _verb("delet remov eras wip purg drop discard clear trash prun", "e es ed s ing p?ping")
        + rf"{_gap(2)}(?:every|any|each|the\s+rest|whatever)\b",
        _verb("rewrit", "e es ing") + rf"{_gap(5)}(?:history|commits?|records?|logs?|originals?)\b",
        r"\breplac\w+\s+the\s+(?:originals?|source)\b",
        r"\bempt(?:y|ies|ied|ying)\s+(?:[\w'-]+\s+){0,2}?(?:trash|bin)\b|\b(?:trash|bin)\s+(?:[\w'-]+\s+){0,3}?emptied\b",
        (
            r"\b(?:strip|remov|tak|delet|cut|leav)\w*\s+(?:[\w'-]+\s+){0,6}?(?:from|out\s+of)\s+the\s+"
            r"(?:[\w'-]+\s+){0,2}?(?:logs?|history|records?|audit\w*|archives?)\b"
        ),
        rf"\b{_DATA}\s+(?:[\w'-]+\s+){{0,4}}?"
        + _any("deleted removed erased wiped purged dropped truncated destroyed overwritten cleared")
        + r"\b",
    ),
    "data_leaving": (
        _verb(
            r"""sen[dt] upload post forward transmit e-?mail mail shar sync\w* cop(?:y|ie) back[\s-]?up push submit
            report publish
            export stream deliver relay mirror replicat distribut log stor sav writ expos pool hand pass text deposit
            past giv sell lend reveal disclos extend suppl""",
            "e es s ed ing ting y ies",
        )
        + rf"[^.!?]{{0,160}}?\b{_any('to with on onto into at via in for')}\s+(?:[\w'\u2019/`*.-]+\s+){{0,5}}?"
        + rf"(?:{_SINK}|{_ROLES})\b",
        _verb("notif inform tell alert messag phon text warn", "y ies e es s ed ing") + rf"{_gap(2)}{_ROLES}\b",
        _verb(
            r"""not writ wrot print echo dump log sav stor record keep includ add append put insert list show embed copy
            collect attach lookup look\sup read gather tak ping post sen[dt] shar""",
            "e s es ed ing ten ting",
        )
        + rf"{_gap(6)}{_INTIMATE}\b",
        r"\b(?:anyone|anybody|everyone|everybody|whoever)\b[^.!?]{0,30}\blink\b",
        r"\b(?:audience|visibility|sharing)\b[^.!?]{0,30}\b(?:everyone|anyone|public)\b",
        r"\b(?:b?cc|exfiltrat\w*|phon\w* home|beacon\w*)\b",
        _verb("set mak mark chang switch keep publish default creat configur flag stor sav writ")
        + rf"{_FEW}(?:public(?:ly)?(?!\s+(?:apis?|interfaces?|methods?|functions?|class\w*|keys?)\b)|world[- ]readable"
        + r"|unencrypted|in plain ?text|visible to (?:everyone|anyone|all))\b",
        _verb("collect gather harvest record captur track scrap screenshot") + rf"{_gap(9)}{_PERSONAL}\b",
    ),
    "permission": (
        rf"\bwithout\s+(?:[\w'\u2019-]+\s+){{0,3}}?(?:{_ASK}|approv\w*|permission|consent|prompt\w*|review\w*)\b",
        rf"\b{_WHATEVER}\s+(?:[\w'-]+\s+){{0,3}}?{_PERSON}\b",
        rf"\b{_DO_NOT}\s+(?:(?!unless|until|before|without)[\w-]+\s+){{0,2}}?(?:{_ASK}|mention\w*|disclos\w*|reveal\w*)\b",
        rf"\b(?:auto(?:matically)?|pre|always)[- ]?{_APPROVE}\b",
        r"\b(?:are|is) (?:always|already|pre-?) ?(?:allowed|approved|permitted|authori[sz]ed|safe|trusted)\b",
        _verb("grant giv assign elevat escalat add")
        + _gap(9)
        + _any(r"""permissions? privileges? admin\w* root(?!\s+(?:structure|element|cause|node|level)) owner(?:ship)?
            collaborators? full\saccess write\saccess""")
        + r"\b",
        r"\b(?:as root|run as admin\w*|sudo|chmod|setuid|bypassPermissions|permission[- ]mode|allowed-tools)\b",
        r"--(?:dangerously[\w-]*|yolo|force\w*|no-verify|no-check\w*|skip-\w+|insecure|allow-\w+|trust[\w-]*|yes)\b",
        r"\bverify\s*=\s*False\b",
        r"\bwithout\s+(?:any\s+|further\s+)?(?:notice|warning|delay|looking|checking)\b",
        rf"\b{_DO_NOT}\s+(?:\w+\s+)?(?:validat|verif|sanitiz|escap|authenticat|authoriz|encrypt|review|scan|double-check)\w*\b",
        r"\b(?:precedence|priority)\s+over\b|\btakes?\s+precedence\b",
        (
            r"\b(?:users?|person|clients?|customers?)\s+(?:is|are|needs?|must|should|does|do)\s+not\s+"
            r"(?:(?:need\s+)?(?:to\s+)?be\s+)?(?:told|informed|asked|notified|warned|shown)\b"
        ),
        _verb("consider regard treat assum trust", "e es s ed ing")
        + _gap(6)
        + r"(?<!\bnot )(?<!\bnever )(?:safe|trusted|harmless|trustworthy|vetted)\b",
        r"\blinked\s+(?:pages?|documents?|sites?|files?)\b|\bact\s+on\s+(?:it|them|what)\b",
        r"\b(?:accept|approve|agree\s+to)\s+(?:all|every|any|each)\b",
        (
            r"\bconfirm\s+(?:all|every|any|each)\s+(?:[\w'-]+\s+){0,3}?"
            r"(?:prompts?|dialogs?|questions?|requests?|warnings?|pop-?ups?|orders?|payments?|transactions?|deletions?|ones?|it|"
            r"them)\b(?!\s+(?:with|by)\s+(?:the\s+)?(?:user|human|person|owner)s?\b)"
        ),
        (
            _verb("merg", "e es ed ing")
            + _gap(6)
            + r"(?:pull\s+requests?|prs?|mrs?|branch(?:es)?|it|them|changes?|main|master|trunk|upstream|production)\b"
            + rf"(?!{_IF_TOLD})"
        ),
        _verb("add put include invit mak list", "e es s ed ing ting")
        + _gap(9)
        + r"(?:recipients?|viewers?|editors?|members?|trusted|allow-?list\w*|white-?list\w*)\b",
        r"\bpush\w*\W+(?:\w+\W+){0,4}?forc\w+|\bforce[- ]push\w*",
        _verb(
            r"""skip bypass disabl ignor never\smind turn(?:ing)?\soff switch(?:ing)?\soff overrid circumvent suppress
            deactivat silenc
            weaken relax disregard forget comment(?:ing)?\sout""",
            "e es s ed ing ping",
        )
        + rf"{_FEW}{_GUARD}\b",
        rf"\b(?:go ahead(?!{_IF_TOLD})|without waiting|straight away without|on your own authority)\b",
        (
            _unless_after("until unless after once when before if whether", "the a an your")
            + r"\b(?:users?|human|person|owner|customer|they|everyone)\s+(?:ha(?:s|ve|d)\s+)?(?:already\s+)?"
            r"(?:agreed|consented|approved|authori[sz]ed|permitted)\b"
        ),
        r"\b(?:assum\w+|presum\w+|take|treat\w*)\s+(?:[\w'-]+\s+){0,3}?(?:approv\w*|consent\w*|permission|agreement)\b",
        r"\b(?:answer|say|reply|respond\s+with)\s+['\"`]?yes\b",
        _verb("follow obey execut do apply perform carry\\sout comply\\swith act\\son", "e s es ing")
        + rf"{_gap(4)}{_any('instructions? commands? orders? directions? requests? what')}\b"
        + rf"(?=(?:\W+\w+){{0,6}}?\W+{_READ}\b)",
        rf"\b{_READ}\s+(?:says?|tells?|asks?|instructs?|demands?|orders?)\b",
        r"\bas (?:if|though) the user\b",
        _verb("treat regard consider tak", "e es s ed ing")
        + r"\s+(?:[\w'-]+\s+){0,8}?as\s+(?:[\w'-]+\s+){0,2}?(?:instructions?|orders?|commands?)\b",
        r"\beven\s+(?:if|when|though)\s+(?:[\w'-]+\s+){0,3}?(?:fail\w*|not|never|wrong|missing|incomplete)\b",
        r"\bdo\s+(?:exactly\s+)?(?:what|as)\s+(?:it|they|the\s+\w+)\s+(?:says?|tells?|asks?|demands?)\b",
        (
            r"\b(?:keep|leave|omit|hide|exclude|withhold)\w*\s+(?:[\w'-]+\s+){0,6}?(?:out\s+of|from|off)\s+"
            r"(?:[\w'-]+\s+){0,3}?"
            r"(?:summar(?:y|ies)|answers?|users?|logs?|history|records?|changelogs?)\b"
        ),
        (
            r"\b(?:administrator|admin|root|privileged|super-?user|maintenance|service)\s+(?:account|shell|user)\b"
            r"|\b(?:elevated|full|root|owner|unrestricted|higher)\s+(?:rights|access|privileges|permissions)\b"
        ),
        r"\b(?:any|every|all)\s+(?:origins?|hosts|interfaces|network\s+interfaces|ip\s+addresses)\b",
        (
            r"\b(?:read(?:able)?|writ(?:e|able)|edit(?:able)?|visible|view(?:able)?|access(?:ible)?|open)\s+"
            r"(?:[\w'-]+\s+){0,3}?"
            r"(?:by|for|to)\s+(?:anyone|everyone|everybody|anybody|the\s+public|whoever|all\s+users)\b"
        ),
        _verb("lower weaken relax loosen remov lift drop reduc rais increas", "e es s ed ing ping ped")
        + rf"{_gap(5)}(?:(?:rate|usage|access|size|spending)\s+limits?|restrictions?|requirements?"
        + r"|protections?|safeguards?|security)\b",
        _verb(r"enabl activat allow turn(?:ing)?\son switch(?:ing)?\son open", "e es s ed ing")
        + rf"{_gap(4)}(?:remote|debug\w*|telemetry|anonymous|guests?|insecure|unsafe|public|firewalls?|ports?|ssh)\b",
        (
            r"\b(?:accept|agree\s+to)\s+(?:[\w'-]+\s+){0,2}?"
            r"(?:terms|conditions|licen[cs]es?|agreements?|contracts?|offers?)\b"
        ),
        rf"\b{_APPROVE}\s+automatically\b",
        (
            r"\b(?!(?:users?|they|human|person|customers?|clients?|i|and|or)\b)[\w'-]+\s+"
            r"(?:tells?|asks?|instructs?|orders?)\s+you\s+to\b"
        ),
        r"\b(?:is|as|are)\s+(?:an?\s+)?(?:instructions?|orders?|commands?)\s+(?:for|to)\s+(?:you|the\s+(?:agent|assistant))\b",
        rf"\b(?:switch|turn)\w*\s+(?:[\w'-]+\s+){{0,3}}?{_GUARD}\s+off\b",
        rf"\b{_GUARD}\s+(?:[\w'-]+\s+){{0,4}}?(?:switched\s+|turned\s+)?{_OFF}(?![\w-])",
        rf"\bno\s+need\s+for\s+(?:[\w'-]+\s+){{0,3}}?(?:{_GUARD}|cop(?:y|ies)|confirmations?)\b",
        rf"\b{_GUARD}\s+(?:would|will|only|just)\s+(?:only\s+|just\s+)?(?:slow|delay|cost|wast|annoy)\w*",
        r"\bno\s+longer\s+(?:[\w'-]+\s+){0,2}?(?:applied|checked|enforced|asked|verified|validated|logged|recorded)\b",
        r"\b(?:left|leave|keep|stay)\w*\s+(?:[\w'-]+\s+){0,3}?(?:unlocked|unprotected|unguarded|logged\s+in|signed\s+in)\b",
        r"\b(?:sessions?|connections?|doors?|tunnels?)\s+(?:open|alive|active)\b",
        r"\b(?:privileged|administrator|admin)\s*(?:mode|access|polic(?:y|ies)|roles?|rights|scopes?)\b|\bhost\s+access\b",
        r"\b(?:widest|broadest|maximum|every|all)\s+(?:[\w'-]+\s+)?(?:scopes?|privileges?|permissions?)\b",
        _verb("giv let grant extend offer provid allow hav", "e es s ed ing")
        + _gap(6)
        + r"(?:read|edit|host|permanent|remote|guest)\s+access\b",
        r"\ballowed\s+to\s+fail\b|\bclick\w*\s+through\b|\b(?:unlogged|incognito|stealth)\s+mode\b",
        (
            rf"\b{_GUARD}\b[^.!?]{{0,60}}\b(?:is|are|be|was)\s+"
            r"(?:(?:not|never|no\s+longer)\s+(?:required|needed|necessary)|left\s+out|omitted|skipped|dropped)\b"
        ),
        r"\b(?:follow|obey|carry|execute)\s+(?:it|them|those|these)\s+(?:exactly|out|to\s+the\s+letter|literally)\b",
        r"\b(?:consent|approval|permission)\s+as\s+(?:given|granted|obtained|implied)\b",
        r"\b(?:ignore|exclusion|suppression|exception)s?[-\s]lists?\b|\bmacros?\s+enabled\b|\benabl\w+\s+macros?\b",
        r"\bnot\s+to\s+be\s+(?:written|recorded|logged|kept|mentioned|told)\b",
        r"\b(?:hidden|invisible)\s+(?:[\w-]+\s+)?(?:columns?|sheets?|fields?|rows?|layers?|notes?|comments?|text|folders?)\b",
        _verb("hid conceal obscur", "e es ed ing") + rf"{_gap(3)}(?:{_DATA}|columns?|sheets?|layers?|changes?)\b",
        r"\b0?777\b|\bworld-?writable\b|\bto a wild-?card\b",
        r"\bas\s+(?:skipped|passed|passing|safe|trusted|approved|verified|reviewed|optional)\b",
        r"\b(?:straight|directly)\s+(?:in)?to\s+(?:the\s+)?(?:main|master|production|prod|live|trunk|release)\b",
        (
            r"\b(?:you are now|new instructions|system prompt|developer mode|secretly|covertly)\b"
            r"|(?:^|[.,;:]\s*|\b(?:and|then|to|always|or)\s+)(?:silently|quietly)\b"
        ),
    ),
    "script": (
        _verb("run execut start launch invok load trigger", "e s es ed ing ning")
        + _gap(6)
        + r"(?:helpers?|background\s+\w+|daemons?|macros?|attachments?|payloads?|add-?ons?|cron\s?jobs?)\b",
        _verb("get load fetch download pull obtain retriev grab updat us install", "e s es ed ing ting")
        + _gap(6)
        + r"from\s+(?:[\w'-]+\s+){0,3}?"
        + r"(?:internet|web|servers?|vendors?|urls?|wikis?|gists?|web\s?sites?|sites?|mirrors?|cdn)\b",
        r"\bkeep(?:s|ing)?\s+(?:[\w'-]+\s+){1,5}?running\b|\bin\s+(?:every|each)\s+session\b",
        _verb("evaluat interpret decod", "e ed ing")
        + rf"{_gap(4)}(?:expressions?|strings?|code(?!\s+(?:complexity|quality|coverage|style|review))|payloads?)\b",
        (
            r"\b(?:shell\s+profile|(?:at|on|to|in|during|system)\s+(?:the\s+)?start-?up|start-?up\s+(?:folders?|items?|scripts?|files?"
            r"|programs?|entr(?:y|ies)|tasks?)|autostart|at\s+(?:boot|login)|(?:scheduled\s+task|cron\s?(?:job|tab)))\b"
            r"|\brun\s+(?:every|each)\s+(?:night|day|hour|minute|morning|week)\b"
        ),
    ),
    "recording": (
        r"\b(?:begin|start|keep)\w*\s+(?:recording|filming|listening|monitoring|watching)\b|\bphotograph(?:ed|ing)\b",
        (
            r"\b(?:keep\s+an\s+eye\s+on|watch|monitor|track)\w*\s+(?:[\w'-]+\s+){0,4}?"
            r"(?:colleagues?|employees?|staff|people|persons?|children|team\s+members?)\b"
        ),
        r"\btak(?:e|es|ing)\s+(?:[\w'-]+\s+){0,2}?(?:pictures?|photos?|screen\s?shots?|recordings?|videos?)\b",
        r"\b(?:home|downloads?|desktop)\s+(?:folder|directory)\b",
        r"\b(?:whole|entire)\s+(?:disk|drive|computer|machine)\b",
        r"\bscan(?:s|ning)?\s+the\s+(?:disk|computer|network|machine)\b",
        _verb("not record track watch log remember sav stor keep", "e es s ed ing")
        + rf"{_gap(3)}(?:what|which|everything|whatever)\W+(?:\w+\W+){{0,2}}?the\W+users?\W+\w+s\b",
        r"\b(?:key\s?log\w*|key\s?strokes?|web\s?cams?|microphones?|eavesdrop\w*|wire-?tap\w*)\b",
    ),
    "commitment": (
        _verb("accept confirm agre sign vot answer submit decid repl appl", "e y ies es s ed ing")
        + rf"{_gap(6)}(?:for|as)\W+the\W+user\b",
        r"\bon\s+(?:[\w-]+\s+){0,2}?(?:[\w-]+['\u2019]s?|his|her|their)\s+behalf\b",
        r"\bplac(?:e|es|ed|ing)\s+(?:[\w-]+\s+){0,3}?orders?\b",
        _verb(
            r"""plac mak releas mov sen[dt] transfer settl authori[sz] issu pay upgrad renew enroll? claim charg collect
            confirm complet proceed\swith replac chang""",
            "e es s ed ing",
        )
        + rf"{_gap(5)}{_MONEY}\b",
        r"\b(?:on\s+behalf\s+of|in\s+(?:the\s+(?:user|customer|client|owner)['\u2019]s|his|her|their)\s+name)\b",
    ),
    "credential": (
        _verb(
            r"""us set creat enter typ read print show display echo log includ collect gather find search extract
            cop sav stor
            writ send ask request provid past embed hard-?cod commit export load fetch retriev get obtain rotat
            reset shar
            put add attach upload protect encrypt with""",
            "e y ies es s ed ing ting",
        )
        + rf"{_FEW}{_HANDLED}\b",
        rf"\b{_CREDENTIAL}\s*(?:is(?!\s+(?:needed|required|missing|not)\b)|=|:|[`'\"])\s*\S",
        r"\b(?:password|passphrase)[- ]protect\w*",
    ),
}

CREDENTIAL_TERMS = re.compile(
    rf"(?i:\b{_CREDENTIAL}\b|(?<![\w/])\.env(?:\.\w+)?\b|\.(?:ssh|aws|netrc|npmrc|pypirc|gnupg|kube|git-credentials)\b"
    r"|\bid_(?:rsa|ed25519|ecdsa)\b|\bkey-?(?:chain|ring)\b)|\b[A-Z][A-Z0-9_]{0,60}_(?:KEY|TOKEN|SECRET|PASSWORD)\b"
)

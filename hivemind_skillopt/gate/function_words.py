"""Words that carry no content of their own, by language: what any sentence needs, whoever wrote it.

Two uses: to tell in which language a sentence is, and to know which words of an edit nobody must have typed. The lists
are the closed word classes (articles, pronouns, prepositions, conjunctions, auxiliaries) of each language's grammar.
No list of a library was taken: those at hand count `copy`, `open`, `order` and `website` among such words.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH = _words("""
    a an the this that these those it its itself they them their theirs he him his she her hers we us our ours i me my
    mine you your yours yourself one ones who whom whose which what where when why how there here some any each every
    either neither both all none no not nor never always only just also too even still yet already again once twice
    and or but if unless until while because since so as than then though although whether instead rather otherwise
    else of in on at by for from to into onto with without within about above below under over between among through
    during before after against across around behind beside near off out up down per via upon toward towards except
    is are was were be been being am do does did doing done has have had having can could may might must shall should
    will would need needs needed let lets cannot dont doesnt isnt arent wont shouldnt mustnt cant didnt
    such same other another many much more most few less least several
    very quite e g i.e eg ie etc vs please first second third last next now later often sometimes soon
    thing things something anything nothing everything someone anyone nobody anybody
""")
"""The grammar of English, with the small words that order and count."""

INSTRUCTION = _words("""
    ask asks asked asking tell tells telling told say says said confirm confirms confirmed confirmation check checks
    checked checking verify verifies verified wait waits waiting stop stops stopping make makes sure ensure ensures
    mention mentions note notes important remember step steps rule user users human person people question questions
    answer answers reply know knows want wants wanted mean means meant clear clearly explicit explicitly exactly
    case cases example unclear doubt unsure known unknown way
    use uses used using keep keeps keeping kept include includes included including add adds added adding put puts
    putting write writes writing written
""")
"""What nearly every instruction of a skill says about the conversation itself or of any text: they ask, and they word.
None of them gives away, destroys, fetches or lets in."""

_OTHERS = {
    "German": "der die das den dem des ein eine einen einem einer und oder aber nicht kein keine ist sind wird werden "
    "wurde haben hat mit von zu zum zur auf für bei nach aus über unter wenn dass sie er es wir ihr ihre ich auch nur "
    "immer nie niemals vor durch ohne als wie noch schon sich soll sollte muss kann jede jeden jeder jedem "
    "jedes alle allen "
    "diese dieser dieses diesem diesen im am ab ins beim vom nichts etwas mehr sein seine dann hier dort",
    "French": "le la les un une des du de et ou mais ne pas est sont être avec pour dans sur par sans vous nous il "
    "elle ils elles ce cette ces que qui dont où toujours jamais chaque tous toutes avant après votre vos leur leurs "
    "aux au si plus doit doivent avoir fait comme aussi très tout toute cet "
    "notre nos",
    "Spanish": "el la los las un una unos unas de del y o pero no es son ser con para por sin en que se su sus lo al "
    "como más siempre nunca cada todos todas antes después cuando si usted este esta estos debe deben hay está",
    "Portuguese": "o a os as um uma de do da dos das e ou mas não é são ser com para por sem em no na nos nas que se "
    "seu sua como mais sempre nunca cada todos todas antes depois quando você este esta deve ao à",
    "Italian": "il lo la i gli le un uno una di del della dei delle e o ma non è sono essere con per senza in nel "
    "nella che si suo sua come più sempre mai ogni tutti tutte prima dopo quando questo questa deve al alla",
    "Dutch": "de het een en of maar niet geen is zijn wordt worden met van voor op in bij naar uit over als dat die "
    "dit je jij hij zij wij ook altijd nooit elke alle na zonder moet moeten kan om te door",
    "Polish": "i w na z do nie się jest są to że o jak po od dla przez oraz lub ale zawsze nigdy każdy każdego "
    "wszystkie przed bez gdy jeśli który która które tego tym być",
    "Swedish": "och i att det som en ett på är av för med till den inte om har de vi du alltid aldrig varje alla innan "
    "efter utan när eller men från ska måste",
    "Danish": "og i at det som en et på er af for med til den ikke om har de vi du altid aldrig hver alle før efter "
    "uden når eller men fra skal må",
    "Czech": "a v na se je to že s z do o i k pro po od nebo ale vždy nikdy každý všechny před bez když jako který "
    "která jsou být",
    "Romanian": "și în la de cu pe pentru este sunt nu un o din care că mai sau dar întotdeauna niciodată fiecare "
    "toate înainte după fără când să",
    "Hungarian": "a az és vagy de nem is hogy egy van meg mindig soha minden előtt után nélkül ha mint ez lesz kell",
    "Finnish": "ja on ei se että mutta tai kun jos aina joka kaikki ennen jälkeen ilman ovat olla hän sen myös",
    "Turkish": "ve bir bu için ile de da her zaman asla tüm önce sonra olmadan veya ama değil olarak gibi daha ne",
    "Indonesian": "dan yang di ke dari untuk dengan ini itu tidak adalah atau pada selalu setiap semua sebelum "
    "sesudah setelah tanpa jika jangan akan oleh",
    "Vietnamese": "và là của có cho không được các một trong với này khi để luôn mỗi tất cả trước sau hoặc nếu bạn",
    "Russian": "и в не на что с по это как для к из от но или за у о всегда никогда каждый каждого все перед после без "
    "если когда который чтобы его их",
    "Ukrainian": "і в не на що з по це як для до із від але або за у завжди ніколи кожен всі перед після без якщо "
    "коли який щоб його їх та",
    "Greek": "και το να του η της με που την από για τα είναι των σε ο οι στο θα τη στην δεν πάντα ποτέ κάθε πριν "
    "μετά χωρίς",
}

LANGUAGES: dict[str, frozenset[str]] = {"English": ENGLISH} | {name: _words(text) for name, text in _OTHERS.items()}
"""Function words by the English name of their language. Scripts of their own (Arabic, CJK, Thai) need no list here."""

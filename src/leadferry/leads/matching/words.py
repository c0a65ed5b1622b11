"""Legal forms of companies, titles of people, providers of free mailboxes."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# As they stand in a folded name without dots: "G.m.b.H." is "gmbh".
LEGAL_FORMS = _set(
    """
    gmbh mbh ggmbh ag kg kgaa ohg gbr ug haftungsbeschrankt eg ev ek ltd limited llc
    llp lp plc inc incorporated corp corporation co company pty pte pvt private sdn
    bhd tbk pt cv jsc pjsc ojsc cjsc fze fzco dmcc sa sas sasu sarl eurl sca snc
    scop se sl slu sau srl srls spa sapi sab ltda eireli me epp bv nv bvba vof cvba
    ab hb as asa ans aps ivs oy oyj abp ehf hf sp zoo spzoo spk sro kft zrt nyrt bt
    doo dd jdoo ad eood ood sia uab oü ou ооо оао зао пао нао ао ип тов тоо чп зат
    ват пат ат пп фоп еоод оод ад доо αε επε ικε οε kk gk kabushiki kaisha godo
    yugen anonim limited sirketi sti ltdsti
    """
)
# Written without a blank, before or after the name.
JOINED_FORMS = (
    "株式会社",
    "有限会社",
    "合同会社",
    "股份有限公司",
    "有限责任公司",
    "有限責任公司",
    "有限公司",
    "주식회사",
    "유한회사",
    "(株)",
    "(有)",
    "(주)",
)
FILLERS = frozenset({"and", "und", "et", "&", "the"})
TITLES = frozenset(
    {"dr", "mr", "mrs", "ms", "prof", "herr", "frau", "phd", "mba", "г", "г-н"}
)

# Whoever has an address there may work anywhere.
FREE_MAIL = _set(
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com passport.com
    yahoo.com ymail.com rocketmail.com aol.com aim.com icloud.com me.com mac.com
    gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de arcor.de
    online.de mail.de posteo.de mailbox.org 1und1.de vodafone.de bluewin.ch
    proton.me protonmail.com pm.me tutanota.com tuta.io hey.com fastmail.com
    zoho.com mail.com email.com usa.com mail.ru bk.ru list.ru inbox.ru internet.ru
    rambler.ru yandex.ru yandex.com yandex.by yandex.kz yandex.ua ya.ru ukr.net i.ua
    meta.ua qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com
    aliyun.com 139.com 189.cn naver.com daum.net hanmail.net nate.com kakao.com
    docomo.ne.jp ezweb.ne.jp softbank.ne.jp nifty.com orange.fr wanadoo.fr free.fr
    laposte.net sfr.fr neuf.fr bbox.fr libero.it virgilio.it tiscali.it alice.it
    tin.it seznam.cz email.cz centrum.cz wp.pl o2.pl onet.pl interia.pl op.pl
    gazeta.pl poczta.onet.pl abv.bg mail.bg freemail.hu citromail.hu azet.sk
    zoznam.sk uol.com.br bol.com.br terra.com.br ig.com.br rediffmail.com in.com
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net
    btinternet.com sky.com virginmedia.com talktalk.net ntlworld.com
    blueyonder.co.uk telenet.be skynet.be ziggo.nl kpnmail.nl planet.nl xs4all.nl
    home.nl telia.com bredband.net online.no luukku.com bigpond.com optusnet.com.au
    """
)
# Of these, every country's is one: yahoo.co.uk, hotmail.fr, live.nl.
FREE_NAMES = frozenset({"yahoo", "hotmail", "outlook", "live", "gmx", "yandex"})
# Pages of companies that are not the company's own.
NO_COMPANY = _set(
    """
    linkedin.com facebook.com instagram.com twitter.com x.com xing.com youtube.com
    tiktok.com vk.com t.me google.com wixsite.com wordpress.com blogspot.com
    github.io example.invalid
    """
)
# Before a country's two letters they are part of what everybody shares.
SHARED_LABELS = frozenset(
    {"co", "com", "org", "net", "gov", "ac", "edu", "ne", "or", "go", "gob", "mil"}
)

# Letters that have no accent to lose.
LETTERS = str.maketrans(
    {
        "ø": "o", "œ": "oe", "æ": "ae", "ł": "l", "đ": "d", "ð": "d", "þ": "th",
        "ı": "i", "ħ": "h", "ŧ": "t", "ə": "a", "'": None, "’": None, "ʼ": None,
        "`": None, "´": None, "ـ": None,
    }
)  # fmt: skip

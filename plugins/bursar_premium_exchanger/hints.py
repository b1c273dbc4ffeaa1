"""Whether a site's no to `add_payout` says in its words that the payout was made all the same. Pure.

Comes in: the texts of the answer. Goes out: what they hint at beside the no. Sites answer "request created, not enough
money for another" with an error; taken for a refusal, the payout is asked for again, and paid twice. Here a doubt is
always a hint: a look at the list of payouts costs nothing. What is denied ("not created", "не создана"), a condition or
a rule ("payouts are made from 50 USD") is no hint; "not yet" is one, since what is not yet done was begun.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto

from bursar_premium_exchanger.folding import folded, words

MAX_READ_CHARS = 2000
"""No text is read further: patterns take time, and all accounts wait for it."""
MAX_TEXTS = 100


class Hint(Enum):
    """What the words of a refusal say beside the no."""

    NONE = auto()
    UNREAD = auto()
    """Something was made, accepted or confirmed that need not be the payout: a wallet, an account."""
    MADE = auto()
    """They speak of a payout that was made, accepted, or is being processed."""


_ENGLISH = (
    r"created|placed|accepted|added|queued|received|submitted|process(?:ed|ing)|confirmed|registered|debited|deducted"
    r"|withdrawn|scheduled|saved|stored|sent|made|approved|completed|executed|fulfilled|finished|done|initiated|issued"
    r"|exists?|pending|awaiting|active|underway|ongoing|reserved|transferred|credited|ok|success\w*|thank\w*"
    r"|(?:is|was|were|been|be|being|already|got) paid|is complete|on (?:hold|its way)|under (?:review|moderation)"
    r"|already (?:been )?(?:requested|ordered|asked)|you have already|in (?:progress|process\w*|(?:the |a )?queue)"
)
_RUSSIAN = (
    r"создан[аоы]?|создали|оформлен[аоы]?|оформили|принят[аоы]?|приняли|отправлен[аоы]?|отправили"
    r"|(?:за)?резервирован[аоы]?|зачислен[аоы]?|перечислен[аоы]?|выплачен[аоы]?|оплачен[аоы]?"
    r"|перевед[её]н[аоы]?|списан[аоы]?|провед[её]н[аоы]?|произвед[её]н[аоы]?|выполнен[аоы]?|исполнен[аоы]?"
    r"|обработан[аоы]?|обрабатыва(?:ется|ются|ем)|(?:в|на|находится в) обработ\w+"
    r"|на (?:рассмотрении|проверке)|в (?:очеред|процесс|работ)\w+|поставлен[аоы]?|зарегистрирован[аоы]?"
    r"|получен[аоы]?|одобрен[аоы]?|подтвержд[её]н[аоы]?|добавлен[аоы]?|сохран[её]н[аоы]?|успешн\w*|спасибо"
    r"|заказан[аоы]?|заказали|запрошен[аоы]?|подан[аоы]?|подали|ожида(?:ет|ют)|ожидайте|поступ(?:ит|ят|ил\w*)"
    r"|существу(?:ет|ют)|уже (?:есть|имеется)|готово|активн(?:а|ая)"
)
_UKRAINIAN = (
    r"створен[аоі]?|створили|прийнят[аоі]?|прийняли|відправлен[аоі]?|надіслан[аоі]?|зарезервован[аоі]?"
    r"|зарахован[аоі]?|виплачен[аоі]?|переказан[аоі]?|проведен[аоі]?|виконан[аоі]?|опрацьовується"
    r"|опрацьован[аоі]?|обробля(?:ється|ються|ємо)|(?:в|на) (?:обробці|розгляді|черзі)|зареєстрован[аоі]?"
    r"|отриман[аоі]?|схвален[аоі]?|підтверджен[аоі]?|додан[аоі]?|збережен[аоі]?|успішн\w*|дякуємо"
    r"|замовлен[аоі]?|замовили|очіку(?:є|ють|йте)|надійд\w+|існу(?:є|ють)|вже є"
)
_MADE = rf"(?:{_ENGLISH}|{_RUSSIAN}|{_UKRAINIAN})\b"
SPEAKS_OF_MADE = words(
    rf"\b{_MADE}",
    r"\b(?:payout|request|withdrawal|application|transaction|заявк|выплат|виплат|вывод|вивед|операц)\w*"
    r"(?: (?:request|id|no|number))?[ :.]*[#№] ?\d+",
)
"""Words of something made, or a payout with its number."""
THE_PAYOUT = words(
    r"\b(?:pay-?outs?|payments?(?! (?:method|system|detail))|withdraw\w*|cash-?out|requests?|applications?|orders?"
    r"|transactions?|transfers?|money|funds|amount|sum|balance|debited|deducted|success\w*|thank\w*)\b",
    r"\b(?:выплат|виплат|вывод|вывед|вивед|вивод|заявк|запрос|запит|заказ|замовл|плат[её]ж|перевод|переказ|операц"
    r"|транзакц|деньг|денег|гроші|грош|средств|кошт|сумм|сума|баланс|успешн|успішн|спасиб|дяку|списан|выплачен|виплачен)",
)
"""Words by which what was made is the payout, or its money."""
SOMETHING_ELSE = words(
    r"\b(?:accounts?|wallets?|methods?|systems?|users?|emails?|profiles?|documents?|identity|verification|phones?"
    r"|sites?|api|keys?|ips?|partners?|affiliates?|agreements?|rules|terms|requisites?|details|address(?:es)?"
    r"|parameters?|data|fields?|codes?|values?|numbers?|currency)\b",
    r"\b(?:аккаунт|акаунт|кошел|гаман|сч[её]т|рахун|почт|пошт|профил|профіл|метод|способ|спосіб|систем|пользоват"
    r"|користувач|реквизит|реквізит|документ|верификац|верифікац|логин|телефон|парт?н|номер|адрес|данн|даних|код\b)",
)
"""What else a site speaks of as made, received or active."""
_PEOPLE = r"(?:account|wallet|e-?mail|profile|identity|verification|documents?|phone|site|details)"
NO_HINTS = words(
    # that something did not come about; a "not yet" is none of these
    r"(?:\b(?:not|cannot|never|without|no longer|(?:unable|fail(?:ed|s|ure)?) to)|n't)"
    rf"(?: (?:be|been|being|get|currently|successfully|in|any|an?|the|have|has)){{0,3}} {_MADE}",
    r"\b(?:nothing|none|no (?:new |such )?(?:payouts?|requests?|orders?|payments?|money|funds|amount|transactions?"
    r"|method)(?: methods?| requests?)?)"
    rf"(?: (?:was|were|is|are|has|have|been|being|could|can|will|be)){{0,3}} {_MADE}",
    r"(?<!ещё )(?<!еще )(?<!ще )(?<!пока )(?<!поки )\b(?:не|ни|ні|нет|нельзя|невозможно|неможливо)"
    r"(?: (?:был[аои]?|буд[еу]т?|бул[аои]|может|могут|може|можуть|быть|бути|можно|можна|успешно|успішно|в|на)){0,4}"
    rf" {_MADE}",
    # a bound, a condition, a rule
    r"\b(?:min|max)\w*(?: (?:payouts?|withdrawals?|payments?|amount|sum|for|of|an?|the|that|is|are|we|each)){0,5}"
    rf" {_MADE}",
    rf"\b(?:un)?til(?: [\w']+){{0,2}} {_PEOPLE}(?: [\w']+){{0,3}}? {_MADE}",
    rf"\b(?:can|could|must|should|needs? to|ha(?:s|ve) to|(?:less|more|enough \w+|amount|sum|funds|money) to)"
    rf"(?: only)? be (?:paid\b|{_MADE})",
    rf"\b(?:payouts|payments|withdrawals|requests|orders) are (?:only |usually |always )?{_MADE}",
    rf"\bonly {_MADE}",
    rf"\b(?:выплаты|виплати|заявки|выводы|запросы|запити)"
    rf"(?: (?:только|лише|тільки|обычно|зазвичай|всегда|завжди|ежедневно|щодня)){{0,2}} {_MADE}",
    r"\b(?:должн|повин|необходим|нужн)\w* быть \w+",
)
"""What takes such words back."""
YOURS = words(
    rf"\b(?:yours?|these|both|all)(?: \w+){{0,2}} (?:is|are|was|were|has been|have been)(?: \w+)? {_MADE}",
    rf"\b(?:ваш\w*|эти|ці|все|всі)(?: \w+){{0,2}} {_MADE}",
)
"""Words of something made that is the reader's own, and no rule of the site: "your requests are accepted"."""
_CLAUSE_ENDS = re.compile(r"[.;:!?,()—–]+(?:\s|$)|\s-\s|\n")


def hint(texts: Sequence[str]) -> Hint:
    """Return what the words of a refused payout hint at, the worst of all texts of the answer."""
    if len(texts) > MAX_TEXTS or any(len(text) > MAX_READ_CHARS for text in texts):
        return Hint.MADE  # whatever stands at the end of it was not read
    found = {_hint_of(clause) for text in texts for clause in _clauses(text)}
    return next((worst for worst in (Hint.MADE, Hint.UNREAD) if worst in found), Hint.NONE)


def _hint_of(clause: str) -> Hint:
    rest = clause if YOURS.search(clause) is not None else NO_HINTS.sub(" ", clause)
    if SPEAKS_OF_MADE.search(rest) is None:
        return Hint.NONE
    certain = THE_PAYOUT.search(rest) is not None or SOMETHING_ELSE.search(rest) is None
    return Hint.MADE if certain else Hint.UNREAD


def _clauses(text: str) -> list[str]:
    """Return the parts of a text that speak of one thing each, as words in lower case."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    said = re.sub(r"[_]", " ", folded(apart).replace("\u2019", "'"))
    return [" ".join(part.split()) for part in _CLAUSE_ENDS.split(said) if part.strip()]

"""What a site's error text is about: trouble of its own, or a refusal. Pure.

There are no codes: only sentences, in three languages, each site with its own.
"""

from __future__ import annotations

from bursar_premium_exchanger.folding import words

TROUBLE = words(
    r"(?:system|server|internal|database|script).{0,20}(?:error|fail)|\bbusy\b|try (?:again|later)|again later",
    r"maintenance|database|sql|connection|connect\(|undefined|exception|\bfatal|\bwarning|unavailable|temporar",
    r"overload|time-?out|timed out|gateway|too many|not respond|технич|техніч|обслуживан|обслуговуван|баз\w* дан",
    r"(?:ошибк|помилк)\w* (?:на )?(?:сервер|систем|плат[её]жн|при вывод|базы|бази)|недоступ|соединен|з.єднан",
    r"(?:внутренн|внутрішн|системн)\w+ (?:ошибк|помилк)|сбой|збій|перегру|занят|зайнят|не отвеч|временно|тимчасово",
    r"повторите|повторіть|позже|пізніше|ещ[её] раз|ще раз|снова|слишком (?:много|часто)|забагато|занадто",
)
"""Words of trouble inside the site, or of asking too often: they say neither yes nor no."""
REFUSALS = words(
    r"minim|maxim|enough|insufficien|balance|funds|money|amount|method|payment system|account|wallet|requisite|limit",
    r"already|disabled|block|\bban|forbid|denied|not allowed|not available|refus|reject|declin|invalid|incorrect",
    r"миним|мінім|максим|недостат|не хватает|баланс|средств|кошт|сумм|сума|метод|способ|спосіб|сч[её]т|рахун",
    r"(?:указ|выбр|вказ|обра)\w* плат[её]жн\w* систем|кошел|гаман|реквизит|реквізит|лимит|ліміт|\bуже\b|\bвже\b",
    r"отключ|вимкн|заблок|запрещ|заборон|отказ|відмов|отклон|відхил|неверн|невірн|неправильн|некорректн|некоректн",
)
"""What a site's no is about: the money, the method, the wallet, the limits, the permission."""

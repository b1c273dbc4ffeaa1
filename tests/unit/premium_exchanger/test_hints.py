"""A no of the site whose words say that the payout was made is none: taken for one, it would be paid twice."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.api import Lost, Outcome, Refused
from bursar_premium_exchanger.adapter import PremiumExchanger
from bursar_premium_exchanger.hints import Hint, hint
from support.premium_exchanger import ScriptedSite, intent

MADE = [
    "Payout request #101 already created, not enough balance for another",
    "Payout accepted, your balance will be paid to your wallet",
    "Your payout request is already in process",
    "The money has been sent to your account",
    "Your payout is being processed",
    "Your payout request is in the queue",
    "Your payout is not yet processed",
    "Your payout is not yet completed, wait",
    "Payout already requested",
    "You have already requested a payout",
    "Payout is pending approval",
    "Payout created but not paid: limit",
    "Payout #77: insufficient funds",
    "Request under review",
    "Withdrawal has been scheduled",
    "Accepted",
    "OK",
    "Thank you! Wait for the payment",
    "payout_created",
    "payoutCreated",
    "Money is reserved, minimum reached",
    "You already have a pending payout",
    "Заявка на вывод средств создана, сумма зарезервирована",
    "Заявка №101 уже существует, недостаточно средств для новой",
    "Вы уже заказали выплату",
    "У вас уже есть заявка на выплату",
    "Ваша заявка обрабатывается",
    "Ваша заявка принята. Недостаточно средств",
    "Заявка в обработке",
    "Заявка находится на рассмотрении",
    "Заявка ещё не обработана",
    "Заявка пока не обработана",
    "Средства отправлены на ваш счет",
    "Средства списаны с баланса",
    "Средства поступят на кошелек в течение суток",
    "Выплата успешно заказана",
    "Запрос на выплату отправлен",
    "Деньги переведены на указанный счёт",
    "Ожидайте выплату",
    "Заявка поставлена в очередь, лимит исчерпан",
    "З&#1072;явка с&#1086;здана",
    "Зaявкa coздaнa",
    "Заявку створено",
    "Заявка на виплату прийнята",
    "Ваша заявка вже обробляється",
    "Кошти відправлено",
]
REFUSED = [
    "Not enough money",
    "Not enough money to be paid",
    "Insufficient funds on balance",
    "Insufficient funds. Amount requested: 400, available: 0",
    "Minimum amount is 50 USD",
    "Minimum amount that can be paid is 50 USD",
    "Minimum amount not reached",
    "Wrong wallet",
    "Invalid account",
    "Method disabled",
    "Payment method is not available",
    "Payout method does not exist",
    "No such payout method exists",
    "Payout not created",
    "Payout request was not created: not enough money",
    "Payout has not been accepted",
    "Payout cannot be made",
    "Your payout couldn't be processed, wrong wallet",
    "The payout could not be sent: limit",
    "No payout was created",
    "No money was sent",
    "Nothing was paid",
    "Failed to be processed, wrong account",
    "Your request was rejected, wallet is blocked",
    "Payout request declined",
    "Payouts are made only from 50 USD",
    "Payouts are blocked for this user",
    "Your account must be confirmed first",
    "Wallet is not confirmed",
    "Not available until your account is approved",
    "Payout limit for today",
    "Недостаточно средств",
    "Недостаточно средств для вывода",
    "Не хватает средств на балансе",
    "Минимальная сумма выплаты 50 USD",
    "Сумма меньше минимальной",
    "Неверный кошелек",
    "Неверно указан счет",
    "Не указан кошелек",
    "Метод выплаты не существует",
    "Метод отключен",
    "Способ выплаты недействителен, неверный метод",
    "Заявка не создана",
    "Заявка не создана: недостаточно средств",
    "Заявка не была создана, превышен лимит",
    "Заявка не может быть принята: лимит",
    "Выплата не произведена, неверный счёт",
    "Выплаты запрещены",
    "Деньги не отправлены: неверный кошелек",
    "Заявки обрабатываются только от 50 USD, недостаточно средств",
    "Выплаты производятся от 50 USD, недостаточно средств",
    "В выплате отказано: сумма меньше минимальной",
    "Заявка отклонена: лимит",
    "Аккаунт не подтвержден",
    "Заявку не створено, недостатньо коштів",
    "Недостатньо коштів",
    "Невірний гаманець",
]
UNREAD = [
    "Your wallet is confirmed by another user",
    "Your request can be processed within 24 hours",
    "Account is under review",
    "Invalid data received",
    "Кошелек зарегистрирован на другого пользователя",
]


async def outcome_of(site: ScriptedSite, adapter: PremiumExchanger, answer: Any) -> Outcome:
    site.say("add_payout", answer)
    return await adapter.perform(intent())


@pytest.mark.parametrize("text", MADE)
async def test_a_no_that_speaks_of_a_payout_that_was_made_is_lost(
    site: ScriptedSite, adapter: PremiumExchanger, text: str
) -> None:
    outcome = await outcome_of(site, adapter, {"error": 1, "error_text": text})
    assert isinstance(outcome, Lost)
    assert outcome.reason.startswith("the answer says no, and that it was made: ")


@pytest.mark.parametrize("text", REFUSED)
async def test_a_plain_refusal_stays_one(site: ScriptedSite, adapter: PremiumExchanger, text: str) -> None:
    outcome = await outcome_of(site, adapter, {"error": 1, "error_text": text})
    assert isinstance(outcome, Refused)


@pytest.mark.parametrize("text", UNREAD)
async def test_a_no_that_speaks_of_something_else_as_made_waits_for_a_person(
    site: ScriptedSite, adapter: PremiumExchanger, text: str
) -> None:
    outcome = await outcome_of(site, adapter, {"error": 1, "error_text": text})
    assert isinstance(outcome, Refused)
    assert outcome.unread


@pytest.mark.parametrize(
    "beside",
    [
        {"message": "Payout created"},
        {"data": {"message": "Заявка создана"}},
        {"data": [{"info": ["The money has been sent"]}]},
        {"data": {"state": "pending"}},
    ],
)
async def test_the_words_may_stand_anywhere_in_the_answer(
    site: ScriptedSite, adapter: PremiumExchanger, beside: dict[str, Any]
) -> None:
    answer = {"error": 1, "error_text": "Not enough money", **beside}
    assert isinstance(await outcome_of(site, adapter, answer), Lost)


async def test_a_text_that_is_too_long_to_be_read_is_no_refusal(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    text = f"Not enough money. {' ' * 3000} The payout was created."
    assert isinstance(await outcome_of(site, adapter, {"error": 1, "error_text": text}), Lost)


@pytest.mark.parametrize(
    "text",
    [
        "Недостаточно средств для создания заявки",
        "Недостаточно средств для оформления заявки",
        "Not enough funds: only completed exchanges are counted",
        "Minimum amount: 10 USD (payouts are sent within 24 hours)",
        "Сумма меньше минимальной. Заявки обрабатываются ежедневно",
        "Payout requests can be created once every 24 hours",
    ],
)
def test_a_plain_no_and_the_rules_of_a_site_are_no_hints(text: str) -> None:
    assert hint([text]) is not Hint.MADE


@pytest.mark.parametrize(
    "text",
    [
        "Insufficient balance. Your requests are accepted",
        "Insufficient balance, your payout requests are in the queue",
        "Not enough money: your payments are sent already",
        "Your withdrawals are being processed, limit reached",
        "Limit of requests: your orders are created",
        "Your payout request was accepted and can be paid within 24 hours",
        "Your payout will be paid within 24 hours",
        "Request can be processed within 24 hours, balance is reserved",
        "Only accepted requests can be canceled, yours is accepted",
        "Лимит: ваши заявки обрабатываются",
        "Ваши выплаты обрабатываются",
    ],
)
def test_what_the_reader_has_asked_for_and_was_made_is_a_hint(text: str) -> None:
    assert hint([text]) is Hint.MADE

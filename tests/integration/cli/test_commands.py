"""Every command beside a running daemon, over the control socket, against the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from bursar.sandbox import ServedProvider
from support.commands import Command

ADD = ("service=1", "link=https://example.org/p", "quantity=100")


def test_status_says_that_the_daemon_runs(bursar: Command) -> None:
    said = bursar("status", "--json")
    assert (said.code, said.json["running"], said.json["rules"]) == (0, True, 1)


def test_accounts_are_listed_with_their_state(bursar: Command) -> None:
    rows = bursar("accounts", "--json").json
    assert {row["name"] for row in rows} == {"main-panel", "shop", "exchange"}
    assert {"name", "provider", "state", "reason", "last_ok_at"} <= set(rows[0])


def test_a_reading_method_prints_the_answer(bursar: Command) -> None:
    said = bursar("call", "main-panel", "balance")
    assert (said.code, said.json["currency"]) == (0, "USD")


def test_a_refused_call_still_prints_the_answer(bursar: Command) -> None:
    said = bursar("call", "main-panel", "status", "order=1")
    assert (said.code, said.json) == (1, {"error": "Incorrect order ID"})


def test_an_error_about_one_of_many_is_an_answer(bursar: Command, places: dict[str, ServedProvider]) -> None:
    said = bursar("call", "main-panel", "status", f"orders={places['smm'].track[0]},1")
    assert (said.code, said.json["1"]) == (0, {"error": "Incorrect order ID"})


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("main-panl", "balance"), "there is no account 'main-panl' (did you mean 'main-panel'?)"),
        (("main-panel", "balanc"), "there is no method of main-panel 'balanc' (did you mean 'balance'?)"),
        (("main-panel", "status", "ordr=1"), "status has no parameter 'ordr' (did you mean 'order'?)"),
        (("main-panel", "status", "101"), "parameters are written name=value; '101' is not"),
        (("main-panel", "status", "order=1", "order=2"), "the parameter order is given twice"),
        (("main-panel", "add", *ADD), "stdin is not a terminal; pass --yes to confirm"),
    ],
)
def test_a_call_that_makes_no_sense_is_one_sentence(bursar: Command, words: tuple[str, ...], sentence: str) -> None:
    said = bursar("call", *words)
    assert (said.code, said.out, said.err) == (2, "", f"bursar: {sentence}\n")


def test_what_changes_something_is_printed_with_its_outcome(bursar: Command) -> None:
    said = bursar("call", "main-panel", "add", *ADD, "--yes", "--json")
    assert (said.code, [row["state"] for row in said.json]) == (0, ["succeeded"])


def test_an_added_order_is_under_watch(bursar: Command) -> None:
    [row] = bursar("call", "main-panel", "add", *ADD, "--yes", "--json").json
    assert row["reference"] in {order["id"] for order in bursar("orders", "--json").json}


def test_a_refused_change_exits_1(bursar: Command) -> None:
    said = bursar("call", "main-panel", "cancel", "orders=1", "--yes", "--json")
    assert (said.code, [row["state"] for row in said.json]) == (1, ["refused"])


def test_orders_come_under_watch_once(bursar: Command, places: dict[str, ServedProvider]) -> None:
    ids = places["smm"].track[:3]
    first, second = (bursar("track", "main-panel", *ids, "--json").json for _ in range(2))
    assert (first["tracked"], first["known"], second["tracked"], second["known"]) == (3, 0, 0, 3)


def test_a_file_of_orders_comes_under_watch(bursar: Command, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(b"\xef\xbb\xbfid,service\r\nfile-1,7\r\nfile-2,\r\n")
    bursar("track", "main-panel", "--file", str(file))
    assert {"file-1", "file-2"} <= {order["id"] for order in bursar("orders", "main-panel", "--json").json}


def test_many_orders_go_in_several_questions(bursar: Command, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("id\n" + "".join(f"bulk-{number}\n" for number in range(5001)), encoding="utf-8")
    tracked = bursar("track", "main-panel", "--file", str(file), "--json").json["tracked"]
    bursar("untrack", "main-panel", *(f"bulk-{number}" for number in range(5001)))
    assert tracked == 5001


def test_a_provider_that_lists_everything_has_nothing_to_track(bursar: Command) -> None:
    assert bursar("track", "shop", "1").code == 2


def test_an_order_that_is_not_under_watch_cannot_leave_it(bursar: Command) -> None:
    said = bursar("untrack", "main-panel", "never-there")
    assert (said.code, said.err) == (2, "bursar: never-there of main-panel: not under watch\n")


def test_a_paused_account_says_so(bursar: Command) -> None:
    bursar("pause", "exchange")
    states = {row["name"]: row["state"] for row in bursar("accounts", "--json").json}
    bursar("resume", "exchange")
    assert states["exchange"] == "paused"


@pytest.mark.parametrize(("account", "ends"), [(("exchange",), "bursar resume exchange"), ((), "bursar resume")])
def test_a_pause_says_what_ends_it(bursar: Command, account: tuple[str, ...], ends: str) -> None:
    said = bursar("pause", *account)
    refused = bursar("call", "exchange", "add_payout", "method_id=7", "account=wallet-123456", "--yes")
    bursar("resume", *account)
    assert said.out.endswith(f" until `{ends}`\n")
    assert f"`{ends}` first" in refused.err


def test_the_end_of_the_pause_of_everything_names_what_stays_paused(bursar: Command) -> None:
    """An account that was paused by its name is resumed by it."""
    bursar("pause", "exchange")
    bursar("pause")
    said = bursar("resume")
    bursar("resume", "exchange")
    sentence = "acting again, but not at exchange, paused by name: `bursar resume exchange`\n"
    assert (said.code, said.out, bursar("resume").out) == (0, sentence, "acting again at every account\n")


def test_a_running_daemon_reloads(bursar: Command) -> None:
    assert bursar("reload").code == 0


def test_an_action_has_the_fields_that_are_promised(bursar: Command) -> None:
    bursar("call", "main-panel", "add", *ADD, "--yes")
    [row] = bursar("actions", "--json", "--limit", "1").json
    assert {"id", "rule", "account", "action", "subject", "params", "state", "reason", "created_at"} <= set(row)


@pytest.mark.parametrize("words", [("resolve", "9999", "--happened"), ("approve", "9999"), ("deny", "none")])
def test_an_unknown_action_is_one_sentence(bursar: Command, words: tuple[str, ...]) -> None:
    said = bursar("actions", *words)
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)


def test_an_unknown_rule_is_one_sentence(bursar: Command) -> None:
    said = bursar("why", "tell-partal")
    assert (said.code, said.err) == (2, "bursar: there is no rule 'tell-partal' (did you mean 'tell-partial'?)\n")


def test_a_subject_that_no_rule_was_asked_about_is_one_sentence(bursar: Command) -> None:
    assert bursar("why", "tell-partial", "never-there").code == 2


@pytest.mark.parametrize("command", ["events", "actions", "deliveries", "orders", "accounts"])
def test_facts_are_a_list(bursar: Command, command: str) -> None:
    assert isinstance(bursar(command, "--json").json, list)


@pytest.mark.parametrize("command", ["status", "events", "actions", "deliveries", "orders", "accounts", "observations"])
def test_facts_are_shown_to_people(bursar: Command, command: str) -> None:
    said = bursar(command)
    assert (said.code, bool(said.out), said.err) == (0, True, "")

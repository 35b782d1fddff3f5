"""What requests cost, and may cost at most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.enhancement.budget import PRICES, Price, most_tokens, price_of
from trax.errors import UsageError

tokens = st.integers(0, 10**7)
dollars = st.floats(0, 1000)
contents = st.lists(st.text(max_size=80), max_size=4)


@given(st.builds(Price, dollars, dollars, dollars), tokens, tokens, tokens)
def test_what_the_provider_has_read_before_is_among_what_is_sent(
    price: Price, sent: int, cached: int, received: int
) -> None:
    cost = price.cost(sent, cached, received)
    assert cost >= 0
    assert cost <= price.cost(sent, 0, received) + price.cost(sent, sent, received)
    assert price.cost(sent, sent + cached, received) == price.cost(sent, sent, received), "no more than all of it"
    assert price.cost(sent, cached, received + 1) >= cost


@given(contents)
def test_no_tokenizer_makes_more_of_it(texts: list[str]) -> None:
    """What nothing is known of is spelt in bytes: a token for each, and a few around every message."""
    found = most_tokens([{"role": "user", "content": text} for text in texts])
    assert found >= sum(len(text.encode()) for text in texts) + len(texts)
    assert found == sum(most_tokens([{"role": "user", "content": text}]) for text in texts)


@given(dollars, dollars, dollars)
def test_prices_are_read_as_they_are_written(sent: float, cached: float, received: float) -> None:
    written = " / ".join(f"{price:.6f}" for price in (sent, cached, received))
    found = price_of("any", written)
    assert found is not None
    assert (found.sent, found.cached, found.received) == pytest.approx((sent, cached, received), abs=1e-6)


def test_prices_of_models_that_are_known() -> None:
    assert all(price_of(model) == price for model, price in PRICES.items())
    assert price_of("deepseek-chat", "  ") == PRICES["deepseek-chat"]
    assert price_of("deepseek-chat", "0/0/0") == Price(0, 0, 0)
    assert price_of("llama3.1") is None
    assert Price(1, 0.1, 2).cost(1_000_000, 400_000, 500_000) == pytest.approx(0.6 + 0.04 + 1.0)


@pytest.mark.parametrize("text", ["cheap", "1/2", "1/2/3/4", "-1/0/0", "1e3/0/0", "nan/nan/nan", "1,5/0/0", "1//2"])
def test_what_are_no_prices(text: str) -> None:
    with pytest.raises(UsageError, match="are no prices") as raised:
        price_of("any", text)
    assert "0.28/0.028/0.42" in raised.value.next_step

"""The packs that ship."""

from starlette.testclient import TestClient


def test_the_article_says_what_the_united_states_took_in(client: TestClient) -> None:
    answer = client.get("/funding?country=US&source=bnn-2024-03-31&kind=total").json()
    (total,) = answer["data"]
    assert (total["amount_usd"], total["deals"], total["period"]) == (31_000_000_000, 1151, "2023")

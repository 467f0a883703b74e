"""What the API says of itself: the model, readiness, and a complete OpenAPI document."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_ready_names_version_and_digest(api, model_refs):
    """A deployment can tell that exactly the model it wanted answers."""
    ref = model_refs["ranker"]
    assert api.ask("GET", "/readyz").json() == {
        "status": "ready",
        "model_version": ref.version,
        "model_digest": ref.digest,
    }


def test_model_tells_what_it_was_trained_on_and_reached(api, model_refs):
    """Version, kind, date, hotels and holdout metrics stand in one answer."""
    ref = model_refs["ranker"]
    answer = api.ask("GET", "/v1/model").json()
    assert answer["version"] == ref.version
    assert answer["digest"] == ref.digest
    assert answer["name"] == "ranker"
    assert answer["as_of"] == "2017-12-24"
    assert answer["created_at"] == "2017-12-25T03:00:00Z"
    assert answer["hotel_count"] == 2
    assert answer["metrics"] == pytest.approx(dict(ref.metrics), nan_ok=True)


def test_document_lists_every_route(api):
    """What can be called is described, and nothing else."""
    document = api.ask("GET", "/openapi.json").json()
    assert set(document["paths"]) == {
        "/v1/recommendations",
        "/v1/recommendations:batch",
        "/v1/hotels/{hotel_seq}/items",
        "/v1/events",
        "/v1/model",
        "/healthz",
        "/readyz",
        "/metrics",
    }


def test_document_resolves(api):
    """Every reference inside the document leads somewhere."""
    document = api.ask("GET", "/openapi.json").json()

    def references(node):
        if isinstance(node, dict):
            yield from ([node["$ref"]] if "$ref" in node else [])
            node = list(node.values())
        if isinstance(node, list):
            for child in node:
                yield from references(child)

    schemas = document["components"]["schemas"]
    targets = {reference.rpartition("/")[2] for reference in references(document)}
    assert targets <= set(schemas)
    assert {"RecommendationRequest", "Recommendations", "Problem"} <= set(schemas)


def test_documented_errors_are_problems(api):
    """Each 4xx and 5xx in the document is problem+json with an example of its own status."""
    paths = api.ask("GET", "/openapi.json").json()["paths"]
    answers = paths["/v1/recommendations"]["post"]["responses"]
    refused = {"400", "401", "403", "404", "413", "415", "422", "429"}
    assert set(answers) == {"200", "500", "503"} | refused
    for status, described in answers.items():
        if status != "200":
            content = described["content"]["application/problem+json"]
            assert content["example"]["status"] == int(status)
            assert list(described["content"]) == ["application/problem+json"]


def test_documented_examples_work(api):
    """The requests in the document are answered as they stand."""
    document = api.ask("GET", "/openapi.json").json()
    body = document["paths"]["/v1/recommendations"]["post"]["requestBody"]
    for example in body["content"]["application/json"]["examples"].values():
        assert api.recommend(**example["value"]).status_code == 200


def test_no_page_loads_scripts_from_elsewhere(api):
    """The usual documentation pages would fetch scripts from a public server: there are none."""
    assert api.ask("GET", "/docs").status_code == 404
    assert api.ask("GET", "/redoc").status_code == 404


def test_request_in_the_manual_works(api):
    """The command that docs/api.md shows is answered as it stands."""
    manual = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    shown = manual.partition("-d '")[2].partition("'\n")[0]
    response = api.ask(
        "POST", "/v1/recommendations", content=shown, headers={"content-type": "application/json"}
    )
    assert response.status_code == 200


def test_manual_names_every_field_and_problem(api):
    """Fields and kinds of problems that the API has are in docs/api.md."""
    manual = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    document = api.ask("GET", "/openapi.json").json()
    answers = document["paths"]["/v1/recommendations"]["post"]["responses"].values()
    problems = {
        content["example"]["type"].rpartition(":")[2]
        for answer in answers
        for content in answer["content"].values()
        if "example" in content
    }
    fields = document["components"]["schemas"]["RecommendationRequest"]["properties"]
    assert [name for name in (*fields, *problems) if name not in manual] == []

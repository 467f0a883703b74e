"""The JSON API: what gcsfs, Google's client, Airflow's hook and the Hadoop connector call.

In: requests below `/storage/v1` and `/download/storage/v1`. Out: resources as JSON, or bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from tests.gcs import conditions
from tests.gcs.listing import Listing
from tests.gcs.messages import Answer, Refused, Request, json_answer, names
from tests.gcs.objects import FIELDS, Objects, Version, text_hash
from tests.gcs.ranges import download

_COMPOSED_AT_MOST: Final = 32  # https://cloud.google.com/storage/docs/composite-objects


class JsonApi:
    """Buckets and objects as resources."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def answer(self, request: Request) -> Answer:
        """Answer a call; uploads and batches have modules of their own."""
        path = names(request.raw_path.removeprefix("/download").removeprefix("/storage/v1"))
        match path:
            case ["b"]:
                return self._buckets(request)
            case ["b", bucket]:
                return self._bucket(request, bucket)
            case ["b", bucket, "o"] if request.method == "GET":
                return self._list(request, bucket)
            case ["b", bucket, "o", name]:
                return self._object(request, bucket, name)
            case ["b", bucket, "o", name, *verb] if request.method == "POST":
                return self._verb(request, (bucket, name), verb)
        raise _unknown(request)

    def _verb(self, request: Request, source: tuple[str, str], verb: list[str]) -> Answer:
        match verb:
            case ["compose"]:
                return self._compose(request, *source)
            case ["copyTo", "b", bucket, "o", name]:
                return json_answer(resource(request, self._copy(request, source, (bucket, name))))
            case ["rewriteTo", "b", bucket, "o", name]:
                return _rewritten(request, self._copy(request, source, (bucket, name)))
            case ["moveTo", "o", name]:
                with self._objects.step():
                    made = self._copy(request, source, (source[0], name))
                    self._objects.delete(*source, None, conditions.ANY)
                return json_answer(resource(request, made))
        raise _unknown(request)

    def _buckets(self, request: Request) -> Answer:
        if request.method == "POST":
            name = str(request.json().get("name", ""))
            self._objects.make_bucket(name)
            return json_answer(self._bucket_resource(request, name))
        found = [self._bucket_resource(request, name) for name in sorted(self._objects.buckets())]
        return json_answer({"kind": "storage#buckets", "items": found})

    def _bucket(self, request: Request, name: str) -> Answer:
        self._objects.versions(name)
        if request.method == "DELETE":
            self._objects.drop_bucket(name)
            return Answer(204)
        return json_answer(self._bucket_resource(request, name))

    def _bucket_resource(self, request: Request, name: str) -> dict[str, Any]:
        made = self._objects.buckets()[name].isoformat()
        return {
            "kind": "storage#bucket",
            "id": name,
            "name": name,
            "selfLink": f"{request.origin}/storage/v1/b/{quote(name)}",
            "projectNumber": "1",
            "metageneration": "1",
            "location": "US",
            "locationType": "multi-region",
            "storageClass": "STANDARD",
            "etag": "CAE=",
            "timeCreated": made,
            "updated": made,
        }

    def _list(self, request: Request, bucket: str) -> Answer:
        query = request.query
        found = Listing(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            limit=int(query.get("maxResults", 1000)),
            start=query.get("startOffset", ""),
            end=query.get("endOffset", ""),
            token=query.get("pageToken", ""),
            with_markers=query.get("includeTrailingDelimiter") == "true",
        ).page(self._objects.versions(bucket))
        content: dict[str, Any] = {"kind": "storage#objects"}
        if found.versions:
            content["items"] = [resource(request, version) for version in found.versions]
        if found.prefixes:
            content["prefixes"] = found.prefixes
        if found.token:
            content["nextPageToken"] = found.token
        return json_answer(content)

    def _object(self, request: Request, bucket: str, name: str) -> Answer:
        generation, needed = request.query.get("generation"), conditions.of_json(request)
        if request.method == "GET":
            version = self._objects.read(bucket, name, generation, needed)
            if request.query.get("alt") == "media" or request.raw_path.startswith("/download"):
                return download(request, version)
            return json_answer(resource(request, version))
        if request.method == "DELETE":
            self._objects.delete(bucket, name, generation, needed)
            return Answer(204)
        if request.method in {"PATCH", "PUT"}:
            whole, wanted = request.method == "PUT", request.json()
            version = self._objects.patch(
                bucket, name, lambda found: _changed(found.fields, wanted, whole), needed
            )
            return json_answer(resource(request, version))
        raise Refused(501, f"{request.method} of an object")

    def _compose(self, request: Request, bucket: str, name: str) -> Answer:
        wanted, needed = request.json(), conditions.of_json(request)
        sources = wanted.get("sourceObjects", [])
        if not 1 <= len(sources) <= _COMPOSED_AT_MOST:
            raise Refused(400, "Between 1 and 32 source objects are composed")
        with self._objects.step():
            parts = [self._source(bucket, source) for source in sources]
            data = b"".join(part.data for part in parts)
            count = sum(part.components or 1 for part in parts)
            fields = wanted.get("destination", {})
            made = self._objects.write(bucket, name, data, fields, needed, count)
        return json_answer(resource(request, made))

    def _source(self, bucket: str, source: Mapping[str, Any]) -> Version:
        found = self._objects.find(bucket, source["name"], str(source.get("generation") or ""))
        wanted = source.get("objectPreconditions", {}).get("ifGenerationMatch")
        if wanted is not None and int(wanted) != found.generation:
            raise Refused(412, f"{source['name']} has another generation")
        return found

    def _copy(self, request: Request, source: tuple[str, str], target: tuple[str, str]) -> Version:
        with self._objects.step():
            found = self._objects.find(*source, request.query.get("sourceGeneration"))
            conditions.of_json(request, source=True).check_write(found)
            return self._objects.write(
                *target,
                found.data,
                {**found.fields, **request.json()},
                conditions.of_json(request),
                found.components,
            )


def _unknown(request: Request) -> Refused:
    return Refused(501, f"The stand-in does not know {request.method} {request.raw_path}")


def _rewritten(request: Request, made: Version) -> Answer:
    size = str(len(made.data))
    content = {"kind": "storage#rewriteResponse", "totalBytesRewritten": size, "objectSize": size}
    return json_answer({**content, "done": True, "resource": resource(request, made)})


def resource(request: Request, version: Version) -> dict[str, Any]:
    """An object as the JSON API describes it."""
    path = f"storage/v1/b/{quote(version.bucket)}/o/{quote(version.name, safe='')}"
    content: dict[str, Any] = {
        "kind": "storage#object",
        "id": f"{version.bucket}/{version.name}/{version.generation}",
        "selfLink": f"{request.origin}/{path}",
        "mediaLink": f"{request.origin}/download/{path}?generation={version.generation}&alt=media",
        "bucket": version.bucket,
        "name": version.name,
        "generation": str(version.generation),
        "metageneration": str(version.metageneration),
        "size": str(len(version.data)),
        "crc32c": text_hash(version.crc32c),
        "etag": version.json_etag,
        "contentType": "application/octet-stream",
        "storageClass": "STANDARD",
        "timeCreated": version.created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "updated": version.updated.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "timeStorageClassUpdated": version.created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        **version.fields,
    }
    if version.components:
        return {**content, "componentCount": version.components}
    return {**content, "md5Hash": text_hash(version.md5)}


def _changed(fields: Mapping[str, Any], wanted: Mapping[str, Any], whole: bool) -> dict[str, Any]:
    """A patch joins fields and metadata and drops what it sets to null; an update replaces."""
    kept = {} if whole else dict(fields)
    for key in set(wanted) & set(FIELDS):
        if key == "metadata" and isinstance(wanted[key], dict):
            kept[key] = {**kept.get(key, {}), **wanted[key]}
            kept[key] = {name: text for name, text in kept[key].items() if text is not None}
        else:
            kept[key] = wanted[key]
    return {key: value for key, value in kept.items() if value is not None}

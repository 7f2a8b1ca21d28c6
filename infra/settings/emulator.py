"""The emulator that a stack is deployed into, if its AWS provider was told to call one instead of AWS."""

from dataclasses import dataclass

import pulumi

# What `python -m ops` calls. Endpoints of only some services, or at several addresses, are AWS's own behind a
# private link: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
SERVICES = ("apigatewayv2", "cloudwatch", "dynamodb", "lambda", "sqs")


@dataclass(frozen=True)
class Emulator:
    """An emulator of AWS, all of whose services answer at one URL, such as `http://127.0.0.1:4566`."""

    url: str

    def api_endpoint(self, api_id: pulumi.Input[str]) -> pulumi.Output[str]:
        """Return the URL of an HTTP API.

        The emulator reports a subdomain of `localhost`, which resolves in few places; this path always works.
        """
        return pulumi.Output.concat(self.url, "/_aws/execute-api/", api_id, "/$default")


def configured_emulator() -> Emulator | None:
    """Return the emulator that `aws:endpoints` names; None for a stack on AWS.

    The setting is the provider's: a list of maps from services to URLs, see
    https://www.pulumi.com/registry/packages/aws/api-docs/provider/#providerendpoint.
    """
    endpoints = pulumi.Config("aws").get_object("endpoints") or []
    by_service: dict[str, str] = {name: url for entry in endpoints for name, url in entry.items()}
    urls = {by_service.get(service) for service in SERVICES}
    if len(urls) > 1 or None in urls:
        return None
    return Emulator(str(urls.pop()).rstrip("/"))

"""Checkov's findings that are not mended, each with the reason."""

WAIVERS = {
    "CKV_AWS_27": (
        "Queues are encrypted with SQS's own keys (SSE-SQS), which this rule does not know. A key of our own "
        "would add a KMS call and its throttling to each task, and guard against nobody whom the queue's own "
        "policy does not keep out."
    ),
    "CKV_AWS_119": (
        "The table is encrypted with AWS's key for DynamoDB in KMS, whose use shows in CloudTrail. A key of "
        "our own would be worth it only where another team must be able to revoke it."
    ),
    "CKV_AWS_158": (
        "CloudWatch encrypts every log group. A key of our own would make the logs unreadable with the very "
        "key that one would look for in them."
    ),
    "CKV_AWS_173": "Lambda encrypts the environment, which holds names and limits, and no secret.",
    "CKV_AWS_115": (
        "Queue consumers are bounded by their mapping's maximum concurrency, API functions by the stage's "
        "throttling. A reservation would take its share from every other function of the account."
    ),
    "CKV_AWS_116": (
        "Lambda's dead-letter queue is for asynchronous invocations. The API invokes synchronously; what a "
        "queue delivers goes to that queue's dead-letter queue, where it stays until it is recorded."
    ),
    "CKV_AWS_117": (
        "The functions reach nothing in a private network: only DynamoDB and SQS, over TLS and with IAM. A "
        "VPC would add endpoints to pay and slower starts."
    ),
}

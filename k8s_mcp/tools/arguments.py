"""Arguments the tools share. Descriptions are what a model reads, so they are short and exact."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from k8s_diagnosis.text.names import check_name, check_selector

Name = Annotated[str, AfterValidator(check_name)]
OptionalName = Name | None
ClusterName = Annotated[
    Annotated[str, Field(min_length=1, max_length=253)] | None,
    Field(description="Cluster (kubeconfig context); null means the default one."),
]
WorkloadKind = Literal["Deployment", "StatefulSet", "DaemonSet"]
Kind = Annotated[
    str, Field(min_length=1, max_length=253, description="Kind, such as Deployment, svc, widgets.acme.io.")
]
Namespace = Annotated[Name | None, Field(description="Namespace; null means the default one.")]
AllNamespaces = Annotated[bool, Field(description="True reads every namespace; do not give a namespace then.")]
LabelSelector = Annotated[
    Annotated[str, Field(max_length=500), AfterValidator(check_selector)] | None,
    Field(description="Label selector, e.g. app=web,tier!=cache."),
]
Limit = Annotated[int, Field(ge=1, le=500, description="Rows per page.")]
Cursor = Annotated[Annotated[str, Field(max_length=1000)] | None, Field(description="next_cursor of the page before.")]

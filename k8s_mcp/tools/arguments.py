"""Arguments the tools share. Descriptions are what a model reads, so they are short and exact."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from k8s_diagnosis.text.names import check_name, check_object_name
from k8s_mcp.selecting.fields import check_field_selector
from k8s_mcp.selecting.labels import check_label_selector

Name = Annotated[str, AfterValidator(check_name)]
OptionalName = Name | None
ObjectName = Annotated[str, AfterValidator(check_object_name)]
ClusterName = Annotated[
    Annotated[str, Field(min_length=1, max_length=253)] | None,
    Field(description="Kubeconfig context."),
]
WorkloadKind = Literal["Deployment", "StatefulSet", "DaemonSet"]
Namespace = Annotated[Name | None, Field(description="Left out: the default one.")]
AllNamespaces = Annotated[bool, Field(description="Instead of namespace.")]
LabelSelector = Annotated[
    Annotated[str, Field(max_length=500), AfterValidator(check_label_selector)] | None,
    Field(description="E.g. app=web,tier!=cache."),
]
FieldSelector = Annotated[
    Annotated[str, Field(max_length=500), AfterValidator(check_field_selector)] | None,
    Field(description="E.g. spec.nodeName=node-1."),
]
Kind = Annotated[
    str, Field(min_length=1, max_length=253, description="E.g. deploy, Ingress, pvc, certificates.cert-manager.io.")
]
Limit = Annotated[int | None, Field(ge=1, le=500, description="Rows per page.")]
Cursor = Annotated[Annotated[str, Field(max_length=1000)] | None, Field(description="next_cursor of the last page.")]

/**
 * Fields of the messages that kubectl sends as protobuf, from the `generated.proto` files of k8s.io/api and
 * k8s.io/apimachinery: `NUMBER NAME TYPE`. Types: `string`, `bool`, `int`, `bytes`, `time`, `quantity`, `intOrString` or a
 * message; `?` may be missing (a pointer in Go, so that a zero counts), `[]` repeats, `{}` is a map by text.
 */
export const messages: Readonly<Record<string, string>> = {
  TypeMeta: '1 apiVersion string, 2 kind string',
  ObjectMeta:
    '1 name string, 2 generateName string, 3 namespace string, 5 uid string, 6 resourceVersion string, 8 creationTimestamp time, 11 labels {}string, 12 annotations {}string, 13 ownerReferences []OwnerReference, 14 finalizers []string',
  OwnerReference:
    '1 kind string, 3 name string, 4 uid string, 5 apiVersion string, 6 controller ?bool, 7 blockOwnerDeletion ?bool',
  ConfigMap: '1 metadata ObjectMeta, 2 data {}string, 3 binaryData {}bytes, 4 immutable ?bool',
  Secret: '1 metadata ObjectMeta, 2 data {}bytes, 3 type string, 4 stringData {}string, 5 immutable ?bool',
  Namespace: '1 metadata ObjectMeta, 2 spec NamespaceSpec',
  NamespaceSpec: '1 finalizers []string',
  ServiceAccount:
    '1 metadata ObjectMeta, 3 imagePullSecrets []LocalReference, 4 automountServiceAccountToken ?bool',
  LocalReference: '1 name string',
  LabelSelector: '1 matchLabels {}string, 2 matchExpressions []LabelRequirement',
  LabelRequirement: '1 key string, 2 operator string, 3 values []string',
  Deployment: '1 metadata ObjectMeta, 2 spec DeploymentSpec',
  DeploymentSpec:
    '1 replicas ?int, 2 selector ?LabelSelector, 3 template PodTemplate, 4 strategy DeploymentStrategy, 5 minReadySeconds int, 6 revisionHistoryLimit ?int, 7 paused bool, 9 progressDeadlineSeconds ?int',
  DeploymentStrategy: '1 type string',
  PodTemplate: '1 metadata ObjectMeta, 2 spec PodSpec',
  Pod: '1 metadata ObjectMeta, 2 spec PodSpec',
  PodSpec:
    '2 containers []Container, 3 restartPolicy string, 4 terminationGracePeriodSeconds ?int, 5 activeDeadlineSeconds ?int, 6 dnsPolicy string, 7 nodeSelector {}string, 8 serviceAccountName string, 9 serviceAccount string, 10 nodeName string, 11 hostNetwork bool, 15 imagePullSecrets []LocalReference, 20 initContainers []Container',
  Container:
    '1 name string, 2 image string, 3 command []string, 4 args []string, 5 workingDir string, 6 ports []ContainerPort, 7 env []EnvVar, 8 resources Resources, 14 imagePullPolicy string, 16 stdin bool, 17 stdinOnce bool, 18 tty bool',
  ContainerPort: '1 name string, 2 hostPort int, 3 containerPort int, 4 protocol string, 5 hostIP string',
  EnvVar: '1 name string, 2 value string',
  Resources: '1 limits {}quantity, 2 requests {}quantity',
  Role: '1 metadata ObjectMeta, 2 rules []PolicyRule',
  ClusterRole: '1 metadata ObjectMeta, 2 rules []PolicyRule, 3 aggregationRule ?AggregationRule',
  AggregationRule: '1 clusterRoleSelectors []LabelSelector',
  PolicyRule:
    '1 verbs []string, 2 apiGroups []string, 3 resources []string, 4 resourceNames []string, 5 nonResourceURLs []string',
  RoleBinding: '1 metadata ObjectMeta, 2 subjects []Subject, 3 roleRef RoleRef',
  ClusterRoleBinding: '1 metadata ObjectMeta, 2 subjects []Subject, 3 roleRef RoleRef',
  Subject: '1 kind string, 2 apiGroup string, 3 name string, 4 namespace string',
  RoleRef: '1 apiGroup string, 2 kind string, 3 name string',
  ResourceAttributes:
    '1 namespace string, 2 verb string, 3 group string, 4 version string, 5 resource string, 6 subresource string, 7 name string',
  NonResourceAttributes: '1 path string, 2 verb string',
  SelfSubjectAccessReview: '1 metadata ObjectMeta, 2 spec AccessSpec',
  SubjectAccessReview: '1 metadata ObjectMeta, 2 spec AccessSpec',
  LocalSubjectAccessReview: '1 metadata ObjectMeta, 2 spec AccessSpec',
  AccessSpec:
    '1 resourceAttributes ?ResourceAttributes, 2 nonResourceAttributes ?NonResourceAttributes, 3 user string, 4 groups []string',
  SelfSubjectRulesReview: '1 metadata ObjectMeta, 2 spec RulesSpec',
  RulesSpec: '1 namespace string',
  SelfSubjectReview: '1 metadata ObjectMeta',
  TokenReview: '1 metadata ObjectMeta, 2 spec TokenReviewSpec',
  TokenReviewSpec: '1 token string, 2 audiences []string',
  TokenRequest: '1 metadata ObjectMeta, 2 spec TokenRequestSpec',
  TokenRequestSpec: '1 audiences []string, 3 boundObjectRef ?BoundObject, 4 expirationSeconds ?int',
  BoundObject: '1 kind string, 2 apiVersion string, 3 name string, 4 uid string',
  Eviction: '1 metadata ObjectMeta, 2 deleteOptions ?DeleteOptions',
  DeleteOptions:
    '1 gracePeriodSeconds ?int, 2 preconditions ?Preconditions, 3 orphanDependents ?bool, 4 propagationPolicy ?string, 5 dryRun []string',
  Preconditions: '1 uid ?string, 2 resourceVersion ?string',
  Service: '1 metadata ObjectMeta, 2 spec ServiceSpec',
  ServiceSpec:
    '1 ports []ServicePort, 2 selector {}string, 3 clusterIP string, 4 type string, 5 externalIPs []string, 7 sessionAffinity string, 10 externalName string',
  ServicePort: '1 name string, 2 protocol string, 3 port int, 4 targetPort intOrString, 5 nodePort int',
  Job: '1 metadata ObjectMeta, 2 spec JobSpec',
  JobSpec:
    '1 parallelism ?int, 2 completions ?int, 3 activeDeadlineSeconds ?int, 4 selector ?LabelSelector, 6 template PodTemplate, 7 backoffLimit ?int, 8 ttlSecondsAfterFinished ?int',
  CronJob: '1 metadata ObjectMeta, 2 spec CronJobSpec',
  CronJobSpec: '1 schedule string, 3 concurrencyPolicy string, 4 suspend ?bool, 5 jobTemplate JobTemplate',
  JobTemplate: '1 metadata ObjectMeta, 2 spec JobSpec',
  PodDisruptionBudget: '1 metadata ObjectMeta, 2 spec BudgetSpec',
  BudgetSpec: '1 minAvailable ?intOrString, 2 selector ?LabelSelector, 3 maxUnavailable ?intOrString',
};

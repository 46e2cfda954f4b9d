// Builds a kustomization as `kustomize build` does, and holds each object against what Kubernetes itself would: its types,
// strictly (an unknown, misspelt or doubled field and a wrong type are errors), its API server's own validation, and the
// Pod Security Standard "restricted". Prints the objects as a JSON array; faults go to stderr, and the status is 1.
//
//	manifests FOLDER
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	"k8s.io/pod-security-admission/api"
	podsecurity "k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: manifests FOLDER")
		os.Exit(2)
	}
	objects, faults := check(os.Args[1])
	for _, fault := range faults {
		fmt.Fprintln(os.Stderr, fault)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(objects); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(folder string) ([]json.RawMessage, []string) {
	// As on the command line: without plugins, and without files outside of the folder of each kustomization.
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, []string{err.Error()}
	}
	if err := monitoring.AddToScheme(legacyscheme.Scheme); err != nil {
		return nil, []string{err.Error()}
	}
	codecs := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict)
	var objects []json.RawMessage
	var faults []string
	for _, resource := range built.Resources() {
		text, err := resource.MarshalJSON()
		if err != nil {
			return nil, []string{err.Error()}
		}
		objects = append(objects, text)
		for _, fault := range checkObject(codecs, text) {
			faults = append(faults, fmt.Sprintf("%s %s: %s", resource.GetKind(), resource.GetName(), fault))
		}
	}
	return objects, faults
}

func checkObject(codecs serializer.CodecFactory, text []byte) []string {
	external, _, err := codecs.UniversalDeserializer().Decode(text, nil, nil)
	if err != nil {
		return []string{err.Error()}
	}
	var faults []string
	if meta, template := podOf(external); template != nil {
		faults = append(faults, podSecurityFaults(meta, template)...)
	}
	// What the operator's own kinds mean is written in its types alone.
	switch external.(type) {
	case *monitoring.PodMonitor, *monitoring.PrometheusRule:
		return faults
	}
	// With the API server's defaults.
	internal, _, err := codecs.UniversalDecoder().Decode(text, nil, nil)
	if err != nil {
		return append(faults, err.Error())
	}
	// As kubectl does.
	if object, ok := internal.(metav1.Object); ok && object.GetNamespace() == "" {
		object.SetNamespace(metav1.NamespaceDefault)
	}
	errors, known := validate(internal)
	if !known {
		return append(faults, "nothing here knows how to validate this kind")
	}
	for _, err := range errors {
		faults = append(faults, err.Error())
	}
	return faults
}

func validate(object runtime.Object) (field.ErrorList, bool) {
	switch object := object.(type) {
	case *apps.Deployment:
		options := pod.GetValidationOptionsFromPodTemplate(&object.Spec.Template, nil)
		return appsvalidation.ValidateDeployment(object, options), true
	case *batch.CronJob:
		options := pod.GetValidationOptionsFromPodTemplate(&object.Spec.JobTemplate.Spec.Template, nil)
		return batchvalidation.ValidateCronJobCreate(object, options), true
	case *core.Service:
		return corevalidation.ValidateServiceCreate(object), true
	case *core.ServiceAccount:
		return corevalidation.ValidateServiceAccount(object), true
	case *core.ConfigMap:
		return corevalidation.ValidateConfigMap(object), true
	case *core.Secret:
		return corevalidation.ValidateSecret(object), true
	case *core.Namespace:
		object.SetNamespace("")
		return corevalidation.ValidateNamespace(object), true
	case *networking.Ingress:
		return networkingvalidation.ValidateIngressCreate(object), true
	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(object, networkingvalidation.NetworkPolicyValidationOptions{}), true
	case *policy.PodDisruptionBudget:
		return policyvalidation.ValidatePodDisruptionBudget(object, policyvalidation.PodDisruptionBudgetValidationOptions{}), true
	default:
		return nil, false
	}
}

func podOf(object runtime.Object) (*metav1.ObjectMeta, *corev1.PodSpec) {
	switch object := object.(type) {
	case *appsv1.Deployment:
		return &object.Spec.Template.ObjectMeta, &object.Spec.Template.Spec
	case *batchv1.CronJob:
		template := &object.Spec.JobTemplate.Spec.Template
		return &template.ObjectMeta, &template.Spec
	default:
		return nil, nil
	}
}

func podSecurityFaults(meta *metav1.ObjectMeta, spec *corev1.PodSpec) []string {
	evaluator, err := podsecurity.NewEvaluator(podsecurity.DefaultChecks(), nil)
	if err != nil {
		return []string{err.Error()}
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	result := podsecurity.AggregateCheckResults(evaluator.EvaluatePod(level, meta, spec))
	if result.Allowed {
		return nil
	}
	return []string{"not allowed where restricted pods are: " + strings.TrimSpace(result.ForbiddenDetail())}
}

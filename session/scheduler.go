package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tidwall/gjson"
)

// The calls of the scheduler API (scheduler.proto, Call.Type) as methods. Each
// fills in the framework id and the stream id, waits while the subscription is
// being renewed (at most CallTimeout), and fails when there is none. A 202 means
// that the master took the call, not that it had an effect.

// Call sends a call of any type; body is the JSON of its member ("accept" of
// ACCEPT) and may be nil where the type has none.
func (s *Session) Call(ctx context.Context, callType string, body []byte) (Answer, error) {
	if len(body) == 0 {
		return s.Post(ctx, newCall(callType, nil).body)
	}
	if err := checkJSON(body); err != nil {
		return Answer{}, s.failed(fmt.Errorf("post %s: the body %w", callType, err))
	}
	return s.send(ctx, callType, json.RawMessage(body))
}

func (s *Session) send(ctx context.Context, callType string, member any) (Answer, error) {
	return s.Post(ctx, newCall(callType, member).body)
}

func offerIDs(ids []OfferID) []any {
	out := []any{}
	for _, id := range ids {
		out = append(out, idValue(id))
	}
	return out
}

// withFilters adds filters.refuse_seconds unless refuse is negative.
func withFilters(member map[string]any, refuse time.Duration) map[string]any {
	if refuse >= 0 {
		member["filters"] = map[string]any{"refuse_seconds": refuse.Seconds()}
	}
	return member
}

// rawList checks and passes on a list of JSON values.
func rawList(values [][]byte) ([]json.RawMessage, error) {
	out := []json.RawMessage{}
	for i, v := range values {
		if err := checkJSON(v); err != nil {
			return nil, fmt.Errorf("value %d %w", i+1, err)
		}
		out = append(out, json.RawMessage(v))
	}
	return out, nil
}

// Accept uses offers; each operation is the JSON of an Offer.Operation. Without
// operations it declines. A negative refuse leaves the filter at the master's 5 s.
func (s *Session) Accept(ctx context.Context, offers []OfferID, operations [][]byte, refuse time.Duration) (Answer, error) {
	ops, err := rawList(operations)
	if err != nil {
		return Answer{}, s.failed(fmt.Errorf("accept: operations: %w", err))
	}
	return s.send(ctx, "ACCEPT", withFilters(map[string]any{"offer_ids": offerIDs(offers), "operations": ops}, refuse))
}

// Decline gives offers back; they are not offered again for refuse. A negative
// refuse leaves the filter at the master's 5 s.
func (s *Session) Decline(ctx context.Context, offers []OfferID, refuse time.Duration) (Answer, error) {
	return s.send(ctx, "DECLINE", withFilters(map[string]any{"offer_ids": offerIDs(offers)}, refuse))
}

// AcceptInverseOffers agrees to give resources up for maintenance.
func (s *Session) AcceptInverseOffers(ctx context.Context, offers []OfferID, refuse time.Duration) (Answer, error) {
	return s.send(ctx, "ACCEPT_INVERSE_OFFERS", withFilters(map[string]any{"inverse_offer_ids": offerIDs(offers)}, refuse))
}

// DeclineInverseOffers does not agree to a maintenance.
func (s *Session) DeclineInverseOffers(ctx context.Context, offers []OfferID, refuse time.Duration) (Answer, error) {
	return s.send(ctx, "DECLINE_INVERSE_OFFERS", withFilters(map[string]any{"inverse_offer_ids": offerIDs(offers)}, refuse))
}

// roleMember is nil when no role is given, which means all roles.
func roleMember(roles []string) any {
	if len(roles) == 0 {
		return nil
	}
	return map[string]any{"roles": roles}
}

// Revive clears the filters of the roles (all when none is given) and asks for offers at once.
func (s *Session) Revive(ctx context.Context, roles ...string) (Answer, error) {
	return s.send(ctx, "REVIVE", roleMember(roles))
}

// Suppress asks for no further offers for the roles (all when none is given).
func (s *Session) Suppress(ctx context.Context, roles ...string) (Answer, error) {
	return s.send(ctx, "SUPPRESS", roleMember(roles))
}

// Kill asks to end a task; the agent may be empty. A positive grace overrides the
// task's own time between SIGTERM and SIGKILL.
func (s *Session) Kill(ctx context.Context, task TaskID, agent AgentID, grace time.Duration) (Answer, error) {
	member := map[string]any{"task_id": idValue(task)}
	if agent != "" {
		member["agent_id"] = idValue(agent)
	}
	if grace > 0 {
		member["kill_policy"] = map[string]any{"grace_period": map[string]any{"nanoseconds": grace.Nanoseconds()}}
	}
	return s.send(ctx, "KILL", member)
}

// Shutdown ends an executor and all its tasks.
func (s *Session) Shutdown(ctx context.Context, executor ExecutorID, agent AgentID) (Answer, error) {
	return s.send(ctx, "SHUTDOWN", map[string]any{"executor_id": idValue(executor), "agent_id": idValue(agent)})
}

// Acknowledge acknowledges the UPDATE event; an update without uuid needs none
// and gives an error.
func (s *Session) Acknowledge(ctx context.Context, update Event) (Answer, error) {
	status := update.Get("update.status")
	return s.sendUserAck(ctx, ack{task: update.TaskID(), agent: AgentID(status.Get("agent_id.value").String()), uuid: status.Get("uuid").String()})
}

// AcknowledgeOperationStatus acknowledges the UPDATE_OPERATION_STATUS event.
func (s *Session) AcknowledgeOperationStatus(ctx context.Context, update Event) (Answer, error) {
	a := operationAck(update.Get("update_operation_status.status"))
	if a.operation == "" {
		a.operation = "(none)"
	}
	return s.sendUserAck(ctx, a)
}

func operationAck(status gjson.Result) ack {
	return ack{operation: status.Get("operation_id.value").String(), uuid: status.Get("uuid.value").String(),
		agent:    AgentID(status.Get("agent_id.value").String()),
		provider: status.Get("resource_provider_id.value").String()}
}

func (s *Session) sendUserAck(ctx context.Context, a ack) (Answer, error) {
	if a.uuid == "" {
		return Answer{}, s.failed(fmt.Errorf("acknowledge %s: the update has no uuid and needs no acknowledgement", a.subject()))
	}
	if err := s.syncJournal(); err != nil {
		return Answer{}, s.failed(fmt.Errorf("acknowledge %s: %w", a.subject(), err))
	}
	answer, err := s.sendCall(ctx, a.call(), false)
	if err == nil && answer.OK() && answer.DryRun == "" {
		s.mu.Lock()
		s.acknowledgedLocked(a)
		s.mu.Unlock()
	}
	return answer, err
}

// Reconcile asks for the state of these tasks, of all when none is given; the
// answers come as UPDATE events.
func (s *Session) Reconcile(ctx context.Context, tasks ...TaskID) (Answer, error) {
	var places []taskPlace
	for _, id := range tasks {
		p := taskPlace{id: id}
		if t, ok := s.Task(id); ok {
			p.agent = t.AgentID()
		}
		places = append(places, p)
	}
	return s.sendCall(ctx, reconcileCall(places), false)
}

// ReconcileOperations asks for the state of operations; each is the JSON of a
// ReconcileOperations.Operation, none asks for all.
func (s *Session) ReconcileOperations(ctx context.Context, operations ...[]byte) (Answer, error) {
	ops, err := rawList(operations)
	if err != nil {
		return Answer{}, s.failed(fmt.Errorf("reconcile operations: %w", err))
	}
	return s.send(ctx, "RECONCILE_OPERATIONS", map[string]any{"operations": ops})
}

// Message sends bytes to an executor; best effort.
func (s *Session) Message(ctx context.Context, executor ExecutorID, agent AgentID, data []byte) (Answer, error) {
	return s.send(ctx, "MESSAGE", map[string]any{"agent_id": idValue(agent), "executor_id": idValue(executor),
		"data": base64.StdEncoding.EncodeToString(data)})
}

// Request sends REQUEST; each request is the JSON of a Request. Mesos' own
// allocator ignores it.
func (s *Session) Request(ctx context.Context, requests ...[]byte) (Answer, error) {
	list, err := rawList(requests)
	if err != nil {
		return Answer{}, s.failed(fmt.Errorf("request: %w", err))
	}
	return s.send(ctx, "REQUEST", map[string]any{"requests": list})
}

// UpdateFramework changes the FrameworkInfo of the running framework; body is
// the JSON of UPDATE_FRAMEWORK's member. A 200 is kept for later subscriptions.
func (s *Session) UpdateFramework(ctx context.Context, body []byte) (Answer, error) {
	return s.Call(ctx, "UPDATE_FRAMEWORK", body)
}

// Teardown ends the framework and kills its tasks. After a 202 it returns once
// the channel has ended with it.
func (s *Session) Teardown(ctx context.Context) (Answer, error) { return s.send(ctx, "TEARDOWN", nil) }

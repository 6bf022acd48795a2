-- name: put_setting
-- Keeps a named value, such as the hub's clocks.
INSERT INTO setting (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: get_setting
-- Gives a named value.
SELECT value FROM setting WHERE name = :name;

-- name: drop_setting
-- Forgets a named value.
DELETE FROM setting WHERE name = :name;

-- name: put_sent
-- Journals an envelope before it is declared.
INSERT INTO sent (jti, exchange, kind, recipient, categories, declaration, sealed_openings, body, sealed_to,
    sealed_archive, sealed_enquiry, progress, attempt, replaces, needed_until, created_at)
VALUES (:jti, :exchange, :kind, :recipient, :categories, :declaration, :sealed_openings, :body, :sealed_to,
    :sealed_archive, :sealed_enquiry, 'ready', :attempt, :replaces, :needed_until, :created_at);

-- name: get_sent
-- Gives one envelope of ours.
SELECT * FROM sent WHERE jti = :jti;

-- name: get_standing
-- Gives how far one envelope of ours has got and what the hub said of it, without what was sent.
SELECT jti, exchange, kind, recipient, categories, sealed_to, progress, state, outcome FROM sent WHERE jti = :jti;

-- name: all_sent
-- Gives every envelope of ours, newest first.
SELECT * FROM sent ORDER BY seq DESC LIMIT :limit;

-- name: sent_of_exchange
-- Gives our envelopes of an exchange, oldest first.
SELECT * FROM sent WHERE exchange = :exchange ORDER BY seq;

-- name: sent_after
-- Gives the ids of our envelopes written after a row, with how far they have got: a command's new rows.
SELECT seq, jti, progress FROM sent WHERE seq > :seq AND progress IN ('ready', 'held', 'proved', 'deposited') ORDER BY seq;

-- name: followed
-- Gives the envelopes of ours whose state may still change at the hub.
SELECT jti FROM sent WHERE progress IN ('held', 'deposited') ORDER BY seq;

-- name: fallen_due
-- Gives our asks that fell due between two looks.
SELECT jti FROM sent WHERE progress = 'deposited' AND kind = 'ask' AND due_at > :since AND due_at <= :at;

-- name: set_held
-- The hub holds the envelope.
UPDATE sent SET progress = 'held', state = 'held', outcome = :outcome WHERE jti = :jti;

-- name: set_outcome
-- What the hub says of the envelope now, with no change of step.
UPDATE sent SET outcome = :outcome, state = :state, due_at = coalesce(:due_at, due_at) WHERE jti = :jti;

-- name: set_proved
-- The proof was verified; the body may go.
UPDATE sent SET progress = 'proved', state = 'proved', outcome = :outcome, proof = :proof WHERE jti = :jti;

-- name: set_deposited
-- The hub has the body; our archive copy stays.
UPDATE sent SET progress = 'deposited', state = 'deposited', body = NULL WHERE jti = :jti AND progress = 'proved';

-- name: set_ready
-- Decided anew in our favour: the declaration is repeated to fetch outcome and proof.
UPDATE sent SET progress = 'ready' WHERE jti = :jti AND progress = 'held';

-- name: set_ended
-- The envelope is at the end of its life.
UPDATE sent SET progress = 'ended', state = :state, outcome = coalesce(:outcome, outcome), body = NULL WHERE jti = :jti;

-- name: set_failed
-- The envelope goes no further; why is for the person who wrote it.
UPDATE sent SET progress = 'failed', problem = :problem, body = NULL WHERE jti = :jti;

-- name: set_replaced
-- The envelope was written again as another.
UPDATE sent SET progress = 'ended', state = :state, replaced_by = :replaced_by, body = NULL WHERE jti = :jti;

-- name: put_received
-- Journals an opened envelope with its receipt.
INSERT INTO received (sender, jti, exchange, kind, categories, generation, digest, declaration, proof, sealed_body,
    outcome, why, receipt, acknowledged, received_at)
VALUES (:sender, :jti, :exchange, :kind, :categories, :generation, :digest, :declaration, :proof, :sealed_body,
    :outcome, :why, :receipt, 0, :received_at);

-- name: get_received
-- Gives one received envelope; a jti is unique per sender.
SELECT * FROM received WHERE sender = :sender AND jti = :jti;

-- name: get_receipt
-- Gives the receipt of one received envelope, and whether the hub has it.
SELECT receipt, acknowledged FROM received WHERE sender = :sender AND jti = :jti;

-- name: received_by_jti
-- Gives the received envelopes of a jti: one, unless two senders chose the same.
SELECT * FROM received WHERE jti = :jti;

-- name: all_received
-- Gives what was received, newest first.
SELECT * FROM received ORDER BY seq DESC LIMIT :limit;

-- name: received_of_exchange
-- Gives the received envelopes of an exchange, oldest first.
SELECT * FROM received WHERE exchange = :exchange ORDER BY seq;

-- name: opened_of_sender
-- Gives what one sender sent and was opened here, newest first.
SELECT sender, jti, declaration, sealed_body FROM received
WHERE sender = :sender AND sealed_body IS NOT NULL ORDER BY seq DESC LIMIT :limit;

-- name: unacknowledged
-- Gives what the hub may not have a receipt for yet.
SELECT sender, jti, receipt FROM received WHERE acknowledged = 0 ORDER BY seq;

-- name: set_receipt
-- The receipt was signed anew, its key having ended before the hub had it.
UPDATE received SET receipt = :receipt WHERE sender = :sender AND jti = :jti;

-- name: acknowledge
-- The hub has the receipt.
UPDATE received SET acknowledged = 1 WHERE sender = :sender AND jti = :jti;

-- name: opened_categories
-- Gives the categories of an exchange for which an item was opened here.
SELECT DISTINCT categories FROM received WHERE exchange = :exchange AND kind = 'item' AND outcome = 'opened';

-- name: put_act
-- Journals a signed act before it is sent.
INSERT INTO act (jti, act, token, sealed_openings, passed, sealed_note, exchange, category, done, created_at)
VALUES (:jti, :act, :token, :sealed_openings, :passed, :sealed_note, :exchange, :category, 0, :created_at);

-- name: get_act
-- Gives one act.
SELECT * FROM act WHERE jti = :jti;

-- name: acts_after
-- Gives the acts written after a row that the hub has not answered: a command's new rows.
SELECT seq, jti FROM act WHERE seq > :seq AND done = 0 ORDER BY seq;

-- name: open_act
-- Finds an act of one kind that the hub has not answered yet.
SELECT jti FROM act WHERE act = :act AND done = 0 LIMIT 1;

-- name: acts_of_exchange
-- Gives the acts of an exchange, oldest first.
SELECT * FROM act WHERE exchange = :exchange ORDER BY seq;

-- name: set_act_token
-- The act was signed anew, its key having ended before the hub had it.
UPDATE act SET token = :token WHERE jti = :jti AND done = 0;

-- name: set_acted
-- The hub has answered: the act is in the log, or refused.
UPDATE act SET done = 1, answer = :answer, problem = :problem WHERE jti = :jti;

-- name: put_pin
-- Pins an agency at first sight, or brings its directory entry up to date; the identity key never changes here.
INSERT INTO pin (agency, identity, entry, pinned_at) VALUES (:agency, :identity, :entry, :at)
ON CONFLICT (agency) DO UPDATE SET entry = excluded.entry WHERE identity = excluded.identity;

-- name: get_pin
-- Gives one pinned agency, why what the hub shows of it now is not believed, and another identity that it shows.
SELECT pin.*, (SELECT value FROM setting WHERE name = 'doubt:' || agency) AS doubt,
    (SELECT changed_identity.entry FROM changed_identity WHERE changed_identity.agency = pin.agency) AS changed
FROM pin WHERE agency = :agency;

-- name: all_pins
-- Gives every pinned agency.
SELECT * FROM pin ORDER BY agency;

-- name: confirmations
-- Says how many agencies a person here has confirmed, and how many pins are in force no more: what commands change.
SELECT count(confirmed_at) AS confirmed, (SELECT count(*) FROM former_pin) AS former FROM pin;

-- name: confirm_pin
-- A person here has heard the fingerprint by telephone.
UPDATE pin SET confirmed_at = coalesce(confirmed_at, :at) WHERE agency = :agency AND identity = :identity;

-- name: put_changed_identity
-- Keeps the identity that the hub shows in place of the one pinned.
INSERT INTO changed_identity (agency, entry, shown_at) VALUES (:agency, :entry, :at)
ON CONFLICT (agency) DO UPDATE SET entry = excluded.entry, shown_at = excluded.shown_at;

-- name: drop_changed_identity
-- The hub shows the pinned identity again, or the changed one was confirmed or forgotten.
DELETE FROM changed_identity WHERE agency = :agency;

-- name: end_pin
-- Moves a pin to those that are in force no more.
INSERT INTO former_pin (agency, entry, pinned_at, confirmed_at, ended_at, why)
SELECT agency, entry, pinned_at, confirmed_at, :at, :why FROM pin WHERE agency = :agency;

-- name: drop_pin
-- Takes a pin out of force.
DELETE FROM pin WHERE agency = :agency;

-- name: former_pins
-- Gives an agency's pins that are in force no more, newest first.
SELECT entry, confirmed_at, ended_at, why FROM former_pin WHERE agency = :agency ORDER BY seq DESC;

-- name: put_checkpoint
-- Remembers a verified checkpoint.
INSERT INTO checkpoint (size, root, note) VALUES (:size, :root, :note) ON CONFLICT (size) DO NOTHING;

-- name: checkpoints
-- Gives the newest verified checkpoints.
SELECT size, root, note FROM checkpoint ORDER BY size DESC LIMIT :limit;

-- name: forget_checkpoints
-- Forgets old checkpoints: each was shown to be a prefix of those kept.
DELETE FROM checkpoint WHERE size < (SELECT size FROM checkpoint ORDER BY size DESC LIMIT 1 OFFSET :keep);

-- name: put_subject_key
-- Keeps K_A of an epoch: offered by us, or passed to us.
INSERT INTO subject_key (epoch, sealed_key, source, held) VALUES (:epoch, :sealed_key, :source, :held)
ON CONFLICT (epoch) DO UPDATE SET sealed_key = excluded.sealed_key, source = excluded.source, held = excluded.held
    WHERE subject_key.held = 0;

-- name: get_subject_key
-- Gives K_A of an epoch.
SELECT * FROM subject_key WHERE epoch = :epoch;

-- name: hold_subject_key
-- We were first: what we offered is K_A.
UPDATE subject_key SET held = 1 WHERE epoch = :epoch AND source = :source;

-- name: put_task
-- What is asked of us in one category.
INSERT INTO task (exchange, category, asker, rating, state, due_at, confirmable, reminded)
VALUES (:exchange, :category, :asker, :rating, 'waiting', :due_at, :confirmable, 0);

-- name: tasks
-- Gives what was asked of us, earliest due first.
SELECT * FROM task ORDER BY due_at, exchange, category;

-- name: tasks_of_exchange
-- Gives what was asked of us in one exchange.
SELECT * FROM task WHERE exchange = :exchange ORDER BY category;

-- name: get_task
-- Gives one task.
SELECT * FROM task WHERE exchange = :exchange AND category = :category;

-- name: reopen_task
-- The answer did not pass: the category waits for a person again.
UPDATE task SET state = 'waiting', why = :why WHERE exchange = :exchange AND category = :category AND state = 'answered';

-- name: unprepared
-- Gives the exchanges in which something is still to be looked for.
SELECT DISTINCT exchange FROM task WHERE state = 'waiting' AND why IS NULL;

-- name: settle_task
-- The category has its answer, or waits again with a reason.
UPDATE task SET state = :state, why = :why WHERE exchange = :exchange AND category = :category;

-- name: put_draft
-- Keeps a prepared answer, sealed, for a person to approve.
UPDATE task SET state = 'prepared', why = :why, sealed_draft = :sealed_draft
WHERE exchange = :exchange AND category = :category AND state IN ('waiting', 'prepared');

-- name: put_unsure
-- Keeps the records that could be a subject's, sealed; what a person chose before stays chosen.
INSERT INTO unsure (exchange, subject, sealed_candidates) VALUES (:exchange, :subject, :sealed_candidates)
ON CONFLICT (exchange, subject) DO UPDATE SET sealed_candidates = excluded.sealed_candidates;

-- name: unsure_of_exchange
-- Gives the subjects of an exchange for whom a person must say which record is theirs, and what was said.
SELECT * FROM unsure WHERE exchange = :exchange ORDER BY subject;

-- name: put_choice
-- A person says which record is a subject's, or that none is.
UPDATE unsure SET sealed_choice = :sealed_choice, choice = (SELECT coalesce(max(choice), 0) + 1 FROM unsure),
    person = :person, role = :role, chosen_at = :at WHERE exchange = :exchange AND subject = :subject;

-- name: last_choice
-- Gives the number of the latest choice.
SELECT coalesce(max(choice), 0) AS choice FROM unsure;

-- name: choices_after
-- Gives the exchanges in which a person has chosen a record since.
SELECT exchange, choice FROM unsure WHERE choice > :choice ORDER BY choice;

-- name: prepare_again
-- What waits in an exchange is prepared once more, by the record that was chosen; not what a person has prepared.
UPDATE task SET state = 'waiting', why = NULL, sealed_draft = NULL
WHERE exchange = :exchange AND state IN ('waiting', 'prepared') AND coalesce(why, '') <> 'waits-for-second-person';

-- name: put_approval
-- Keeps who did what with which exact draft.
INSERT INTO approval (exchange, category, step, person, role, digest, reason, at)
VALUES (:exchange, :category, :step, :person, :role, :digest, :reason, :at);

-- name: approvals
-- Gives what people did with a category's drafts, oldest first.
SELECT * FROM approval WHERE exchange = :exchange AND category = :category ORDER BY seq;

-- name: declines
-- Gives the declines signed here, newest first, each with its sealed reason.
SELECT * FROM act WHERE act = 'decline' ORDER BY seq DESC;

-- name: unwarned_tasks
-- Gives open tasks of which nobody here was warned that they fall due.
SELECT exchange, category, asker, rating, due_at FROM task
WHERE state IN ('waiting', 'prepared') AND warned = 0 ORDER BY due_at LIMIT :limit;

-- name: set_warned
-- The people here were warned.
UPDATE task SET warned = 1 WHERE exchange = :exchange AND category = :category;

-- name: due_tasks
-- Gives open tasks that fall due soon and of which the asker's hub has not been reminded.
SELECT exchange, category, asker, due_at FROM task
WHERE state IN ('waiting', 'prepared') AND reminded = 0 ORDER BY due_at LIMIT :limit;

-- name: set_reminded
-- The hub was told "no answer yet", or it is too late to say so.
UPDATE task SET reminded = 1 WHERE exchange = :exchange AND category = :category;

-- name: put_closure
-- What the hub told us of a category of our ask.
INSERT INTO closure (exchange, category, at) VALUES (:exchange, :category, :at) ON CONFLICT DO NOTHING;

-- name: closures
-- Gives the closed categories of an exchange.
SELECT category, at FROM closure WHERE exchange = :exchange ORDER BY category;

-- name: put_alarm
-- Keeps proof that the hub must not be trusted, or what it has not shown; one of each kind is open at a time.
INSERT INTO alarm (code, detail, at) SELECT :code, :detail, :at
WHERE NOT EXISTS (SELECT 1 FROM alarm WHERE code = :code AND ended_at IS NULL);

-- name: alarms
-- Gives what stops this adapter from sending.
SELECT seq, code, detail, at FROM alarm WHERE code = 'split-view' AND ended_at IS NULL ORDER BY seq;

-- name: all_alarms
-- Gives every alarm there ever was, oldest first.
SELECT * FROM alarm ORDER BY seq;

-- name: open_alarms
-- Gives the codes of what is not ended.
SELECT code FROM alarm WHERE ended_at IS NULL ORDER BY seq;

-- name: end_alarm
-- A person has ended an alarm.
UPDATE alarm SET ended_at = :at, ended_by = :by, believed = :believed, sealed_reason = :sealed_reason
WHERE seq = :seq AND ended_at IS NULL;

-- name: end_not_shown
-- The hub has shown, after all, that its log goes on from what was seen.
UPDATE alarm SET ended_at = :at, ended_by = 'adapter', believed = 'seen'
WHERE code = 'history-not-shown' AND ended_at IS NULL;

-- name: drop_checkpoints
-- Forgets the history that was seen: a person has decided to go on with another.
DELETE FROM checkpoint;
SELECT code, detail, at FROM alarm ORDER BY seq;

-- name: put_enquiry_member
-- Puts an exchange into an enquiry.
INSERT INTO enquiry_member (exchange, sealed_enquiry, added_at) VALUES (:exchange, :sealed_enquiry, :at);

-- name: drop_enquiry_member
-- Takes an exchange out of an enquiry it was put into by hand.
DELETE FROM enquiry_member WHERE seq = :seq;

-- name: drop_enquiry_of_sent
-- Takes an ask out of the enquiry its form named.
UPDATE sent SET sealed_enquiry = NULL WHERE seq = :seq;

-- name: enquiry_members
-- Gives every exchange that is in an enquiry, and under which context its sealed name opens.
SELECT seq, exchange, jti AS id, :asked AS context, sealed_enquiry, created_at AS at
FROM sent WHERE sealed_enquiry IS NOT NULL
UNION ALL
SELECT seq, exchange, exchange AS id, :added AS context, sealed_enquiry, added_at AS at FROM enquiry_member;
-- name: rate_tasks
-- The asker has rated its ask anew: what is still open of it is due at another time, and is said to wait anew.
UPDATE task SET rating = :rating, due_at = :due_at, reminded = 0
WHERE exchange = :exchange AND state IN ('waiting', 'prepared') AND (rating <> :rating OR due_at <> :due_at);

-- name: open_exchanges
-- Gives the exchanges in which something is still asked of us.
SELECT DISTINCT exchange FROM task WHERE state IN ('waiting', 'prepared');

-- name: put_contact
-- A concern was told to us.
INSERT INTO contact (sender, jti, rating, due_at) VALUES (:sender, :jti, :rating, :due_at);

-- name: contacts
-- Gives the concerns told to us, the earliest to be seen first.
SELECT c.*, r.received_at FROM contact c JOIN received r ON r.sender = c.sender AND r.jti = c.jti
ORDER BY c.seen_at IS NOT NULL, c.due_at;

-- name: contact_by_jti
-- Gives one concern told to us.
SELECT c.*, r.received_at FROM contact c JOIN received r ON r.sender = c.sender AND r.jti = c.jti WHERE c.jti = :jti;

-- name: see_contact
-- A person here has seen the concern.
UPDATE contact SET seen_at = :at, seen_by = :person WHERE sender = :sender AND jti = :jti AND seen_at IS NULL;

-- name: decide_contact
-- What was decided about the concern.
UPDATE contact SET sealed_decision = :sealed_decision WHERE sender = :sender AND jti = :jti;

-- name: put_reading
-- A person here has read the words of a received envelope.
INSERT INTO reading (sender, jti, person, at, corrections)
SELECT :sender, :jti, :person, :at, count(*) FROM correction_received WHERE sender = :sender AND item = :jti;

-- name: readings
-- Gives who has read an envelope, in order.
SELECT person, at, corrections FROM reading WHERE sender = :sender AND jti = :jti ORDER BY seq;

-- name: put_correction_received
-- Something we were sent is said to have been wrong.
INSERT INTO correction_received (sender, notice, item, received_at) VALUES (:sender, :notice, :item, :received_at);

-- name: corrections_received
-- Gives what corrects an envelope that we were sent.
SELECT notice, received_at FROM correction_received WHERE sender = :sender AND item = :item ORDER BY received_at, notice;

-- name: all_corrections_received
-- Gives every correction that came, with the time the wrong envelope came, where it did.
SELECT c.sender, c.notice, c.item, c.received_at, r.received_at AS item_received_at,
       (SELECT count(*) FROM correction_received e
        WHERE e.sender = c.sender AND e.item = c.item AND e.rowid < c.rowid) AS earlier
FROM correction_received c LEFT JOIN received r ON r.sender = c.sender AND r.jti = c.item
ORDER BY c.received_at, c.notice;

-- name: stated
-- Gives what we told other agencies in items and notices, oldest first, as far as the hub has it.
SELECT * FROM sent WHERE kind IN ('item', 'notice') AND replaced_by IS NULL ORDER BY seq;

-- name: put_correction_sent
-- Journals that entries of an envelope of ours are corrected by a notice of ours.
INSERT INTO correction_sent (notice, item, entries, created_at) VALUES (:notice, :item, :entries, :created_at);

-- name: correction_of
-- Gives the notice that corrects these entries of an envelope of ours.
SELECT notice FROM correction_sent WHERE item = :item AND entries = :entries;

-- name: corrections_of
-- Gives what corrects an envelope of ours.
SELECT notice, created_at FROM correction_sent WHERE item = :item ORDER BY created_at, notice;

-- name: all_corrections_sent
-- Gives every correction we have told, with what it is of.
SELECT notice, item, entries, created_at FROM correction_sent ORDER BY created_at, notice;

-- name: replaced_by
-- Gives the envelope in which one of ours was written again, if it was.
SELECT replaced_by FROM sent WHERE jti = :jti;
-- name: stuck
-- Counts what has waited for the hub since before an instant: envelopes to let go, receipts, acts.
SELECT 'envelopes' AS what, count(*) AS count, min(created_at) AS oldest FROM sent
WHERE progress IN ('ready', 'proved') AND created_at < :before
UNION ALL SELECT 'receipts', count(*), min(received_at) FROM received WHERE acknowledged = 0 AND received_at < :before
UNION ALL SELECT 'acts', count(*), min(created_at) FROM act WHERE done = 0 AND created_at < :before;

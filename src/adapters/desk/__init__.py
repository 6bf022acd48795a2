"""The desk: what a command, or a program that answers, does with an adapter's state folder.

    folder = open_folder(path)                               adapters.folder
    await ask(folder, AskOrder(…)) -> jti                    adapters.desk.ask
    await tell(folder, TellOrder(…)) -> jti                  adapters.desk.tell
    await message(folder, MessageOrder(…)) -> jti            adapters.desk.tell
    await answer(folder, ItemOrder(…)) -> jti                adapters.desk.answer
    await nil | decline | withdraw | recall | lift | consent adapters.desk.act      -> the act's jti
    inbox, tasks, read, save_draft, load_draft               adapters.desk.inbox
    questions, choose                                        adapters.desk.choice
    signed, sign                                             adapters.desk.approval
    declines                                                 adapters.desk.declined
    sent, all_sent, act_sent, wait_for                       adapters.desk.follow
    evidence                                                 adapters.desk.evidence
    enquiries, await add, await remove                       adapters.desk.enquiry
    gather                                                   adapters.desk.gather
    alarms, end_alarm                                        adapters.desk.alarm
    attention                                                adapters.desk.attention
    peers, confirm, forget, rotate_keys, revoke_key, …       adapters.desk.keys
    await enrol(…)                                           adapters.desk.enrol

What writes is `async` and returns once it is on disk; what reads is a plain function. Nothing here talks to
the hub but `enrol`: the running adapter sends what is journalled, and `wait_for` watches the row.
"""

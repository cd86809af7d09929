import Type, { type Static } from 'typebox'
import { DeviceName, Name, nullable, page, pageQuery, ref, StepStatus, stringEnum, reasonText, Timestamp, Uuid } from './common.ts'

const anAlarm = {
  id: '0199f2f6-2c5e-7f63-b4d2-8e7061f5d432', kind: 'overdue', step_id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10', device: 'PlateReader', name: 'Read plate 1', fct: 'absorbance',
  start: '2026-03-02T09:20:00.000Z', status: 'running', experiment_id: null, raised_at: '2026-03-02T09:22:05.000Z', over_at: null,
  acknowledged_at: null, acknowledged_by: null, note: null, earlier_acknowledgement: null
}

const AlarmKind = stringEnum('AlarmKind', ['overdue', 'lost'], '`overdue`: the step takes far longer than any comparable step ever did. `lost`: it was running when the session of its orchestrator was over.')

const anAcknowledgement = {
  alarm_id: '0199f2f6-11aa-7c3e-8a01-5b7c9d0e1f21', acknowledged_at: '2026-03-02T09:10:00.000Z', acknowledged_by: 'anna', note: 'Anna: the gripper lost its plate, on my way.'
}

const EarlierAcknowledgement = Type.Object({
  alarm_id: ref(Uuid, 'The earlier alarm.'),
  acknowledged_at: ref(Timestamp, 'When somebody said that they are at it.'),
  acknowledged_by: nullable(Type.String({ description: 'Who did: the name of the API key. Null without a key.' })),
  note: Type.String({ description: 'What they said.' })
}, { $id: 'EarlierAcknowledgement', description: 'What somebody said at an earlier alarm of the same step.', examples: [anAcknowledgement] })

export const Alarm = Type.Object({
  id: ref(Uuid, 'The id of the alarm.'),
  kind: ref(AlarmKind, 'Why there is an alarm.'),
  step_id: ref(Uuid, 'The step that it is about.'),
  device: ref(DeviceName, 'The device that does the step.'),
  name: nullable(ref(Name), 'The name of the step. Null when it has none.'),
  fct: nullable(Type.String({ description: 'The function of the step. Null when it has none.' })),
  start: ref(Timestamp, 'When the step started.'),
  status: ref(StepStatus, 'The present status of the step.'),
  experiment_id: nullable(ref(Uuid), 'The experiment of the step. Null when there is none.'),
  raised_at: ref(Timestamp, 'When the alarm was raised.'),
  over_at: nullable(ref(Timestamp), 'When it was over. Null while it is on.'),
  acknowledged_at: nullable(ref(Timestamp), 'When somebody said that they are at it. Null when nobody did.'),
  acknowledged_by: nullable(Type.String({ description: 'Who did: the name of the API key. Null when nobody did, or without a key.' })),
  note: nullable(Type.String({ description: 'What they said. Null when nobody did.' })),
  earlier_acknowledgement: nullable(ref(EarlierAcknowledgement, 'What was last said at an earlier alarm of this step, for example before it was paused and resumed. Null when nothing was.'))
}, { $id: 'Alarm', description: 'A step that somebody has to look at.', examples: [anAlarm] })
export type Alarm = Static<typeof Alarm>

export const AlarmAcknowledge = Type.Object({ note: reasonText('Who is at it, and what is done.', 'Anna: the gripper lost its plate, on my way.') }, {
  $id: 'AlarmAcknowledge', additionalProperties: false, description: 'Somebody is at an alarm.', examples: [{ note: 'Anna: the gripper lost its plate, on my way.' }]
})
export type AlarmAcknowledge = Static<typeof AlarmAcknowledge>

export const AlarmPage = page('AlarmPage', Alarm)

export const AlarmParams = Type.Object({ id: ref(Uuid) })

export const AlarmQuery = Type.Object({ ...pageQuery }, { additionalProperties: false })
export type AlarmQuery = Static<typeof AlarmQuery>

export const alarmSchemas = [AlarmKind, EarlierAcknowledgement, Alarm, AlarmAcknowledge, AlarmPage]

import type { ShownMissing, ShownAlarm, ShownContainer, PresentLabware, PresentQuery } from '../../contract/present.ts'
import type { Problem } from '../../contract/problems.ts'
import { type Html, html, htmlName } from '../../domain/html.ts'
import { withoutControls } from '../../domain/plain-text.ts'
import { htmlDocument, htmlPolicy } from '../html-document.ts'

/** How often the page asks again. */
const reloadSeconds = 5

/** Loads nothing but its icon, runs nothing, and is shown in no frame. */
export const policy = htmlPolicy()

const none = html``
const dash = html`<span class="quiet">–</span>`

/** What the event log says last, in the words of the page. */
const lastWords: Readonly<Record<string, string>> = {
  added: 'added', moved: 'moved', lidded: 'lid put on', unlidded: 'lid taken off', 'barcode-set': 'labelled', updated: 'updated', corrected: 'corrected by a person',
  found: 'found again', disposed: 'lid disposed of', restored: 'restored'
}

/** The page of present labware. */
export function presentPage (lab: PresentLabware, { device, reload }: PresentQuery): string {
  const { containers, missing, alarms } = lab
  const count = counted(lab.all_containers, 'container', 'containers')
  const time = timesAsOf(lab.now)
  const title = [...alarms.length > 0 ? [counted(alarms.length, 'ALARM', 'ALARMS')] : [], device === undefined ? 'Present labware' : `Labware on ${device}`, count].join(' · ')
  return document(title, reload, html`
<h1>Present labware${device === undefined ? none : html` on ${htmlName(device)}`}: ${count}</h1>
<p class="quiet">As of ${time(lab.now, 'date')}, revision ${lab.revision}. Times are in ${time.zone}.</p>
${alarms.length > 0 ? html`<h2>Needs you: ${alarms.length}</h2>${alarms.map((alarm) => alarmCard(alarm, time))}` : none}
${containers.length === 0 ? html`<p>${emptySentence(lab, device)}</p>` : presentTable(containers, time)}
${rest(lab.all_containers - containers.length, 'container', 'containers')}
${missing.length === 0 ? none : html`<h2>Missing: ${lab.all_missing}</h2>
<p>${device === undefined ? 'Nobody knows where these are.' : 'They were last seen on this device. Nobody knows where they are.'} Whoever finds one: say where it is.</p>${missingTable(missing, time)}${rest(lab.all_missing - missing.length, 'container', 'containers')}`}
${navigation(lab, device, reload)}`)
}

/** The page instead of the labware: why it cannot be shown, and what to do. It asks again, too, so a screen on the wall comes back by itself. */
export function presentProblem ({ code, title, message }: Problem, { reload }: Pick<PresentQuery, 'reload'>): string {
  const isSignedOut = code === 'unauthorized'
  return document(isSignedOut ? 'Sign in' : title, reload, html`
<h1>${isSignedOut ? 'Sign in to see the labware' : title}</h1>
<p>${isSignedOut ? html`This service needs a key. <a href="/sign-in">Sign in</a>.` : message}</p>
<p class="screen"><a href="/present">All present labware</a></p>`)
}

function document (title: string, reload: PresentQuery['reload'], body: Html): string {
  return htmlDocument({ title, reloadSeconds: reload === 'off' ? undefined : reloadSeconds, body })
}

function alarmCard (alarm: ShownAlarm, time: Times): Html {
  const { kind, device, name, fct, start, raised_at, acknowledged_at, acknowledged_by, note, earlier_acknowledgement: before, containers } = alarm
  const what = name ?? fct
  return html`
<div class="alarm"><strong>▲ ${kind === 'lost' ? 'LOST' : 'HANGS'}</strong> ${htmlName(device)}${what === null ? none : html` · ${htmlName(what)}`}
<br>${kind === 'lost' ? 'The program that ran this step is gone.' : 'It takes far longer than such a step ever took.'} Started ${time(start)}, alarm since ${time(raised_at)}.
${containers.map((container) => html`<br>${htmlName(container.label)}: ${placeOf(container.device, container.position) ?? html`nobody knows where it is`}`)}
${acknowledged_at === null ? none : html`<br>${acknowledged_by === null ? 'Somebody' : htmlName(acknowledged_by)} is at it since ${time(acknowledged_at)}: ${htmlName(withoutControls(note ?? ''))}`}
${acknowledged_at !== null || before === null ? none : html`<br>Before, ${before.acknowledged_by === null ? 'somebody' : htmlName(before.acknowledged_by)} said at ${time(before.acknowledged_at)}: ${htmlName(withoutControls(before.note))}`}
</div>`
}

function presentTable (containers: readonly ShownContainer[], time: Times): Html {
  return html`
<table class="labware">
<thead><tr><th scope="col">Container</th><th scope="col">Type</th><th scope="col">Device</th><th scope="col">Slot</th><th scope="col">Lid</th><th scope="col">There since</th><th scope="col">Last seen</th></tr></thead>
<tbody>
${containers.map(({ labware_type, device, position, lidded, lid, since, last_event, ...named }) => html`<tr>
<th scope="row">${labelOf(named)}</th>
<td data-label="Type">${labware_type === null ? dash : htmlName(labware_type)}</td>
<td data-label="Device"><a href="/present?device=${encodeURIComponent(device)}">${htmlName(device)}</a></td>
<td data-label="Slot">${position}</td>
<td data-label="Lid">${lidded ? 'on' : lid === null ? 'none' : placeOf(lid.device, lid.position)!}</td>
<td data-label="There since">${time(since)}</td>
<td data-label="Last seen">${last_event === null ? dash : html`${lastWords[last_event.kind] ?? last_event.kind} ${time(last_event.recorded_at)}`}</td>
</tr>
`)}</tbody>
</table>`
}

function missingTable (missing: readonly ShownMissing[], time: Times): Html {
  return html`
<table>
<thead><tr><th scope="col">Container</th><th scope="col">Type</th><th scope="col">Last place</th><th scope="col">Missing since</th></tr></thead>
<tbody>
${missing.map(({ labware_type, last_device, last_position, missing_since, ...named }) => html`<tr>
<th scope="row">${labelOf(named)}</th>
<td data-label="Type">${labware_type === null ? dash : htmlName(labware_type)}</td>
<td data-label="Last place">${placeOf(last_device, last_position)!}</td>
<td data-label="Missing since">${time(missing_since)}</td>
</tr>
`)}</tbody>
</table>`
}

function navigation ({ devices, all_devices: allDevices }: PresentLabware, device: string | undefined, reload: PresentQuery['reload']): Html {
  const here = device === undefined ? '/present' : `/present?device=${encodeURIComponent(device)}`
  const kept = `${here}${device === undefined ? '?' : '&'}reload=off`
  return html`
<nav aria-label="Pages" class="screen">
<p>${reload === 'off' ? html`This page stays as it is. <a href="${here}">Reload it by itself</a>` : html`This page reloads itself every ${reloadSeconds} seconds. <a href="${kept}">Keep it as it is</a>`}</p>
<p><a href="/">The lab now</a> <a href="/sign-in">Sign in or out</a> ${device === undefined ? none : html`<a href="/present">All present labware</a>`}</p>
${devices.length === 0 ? none : html`<h2>Devices</h2><p>${devices.map((name) => html`<a href="/present?device=${encodeURIComponent(name)}">${htmlName(name)}</a> `)}</p>${rest(allDevices - devices.length, 'device', 'devices')}`}
</nav>`
}

/** The barcode is what people read on the label; the name follows if it says something else. */
function labelOf ({ name, barcode }: { name: string, barcode: string | null }): Html {
  if (barcode === null) return html`${htmlName(name)} <span class="quiet">without a barcode</span>`
  return name === barcode ? htmlName(barcode) : html`${htmlName(barcode)} <span class="quiet">${htmlName(name)}</span>`
}

function placeOf (device: string | null, position: number | null): Html | null {
  return device === null || position === null ? null : html`${htmlName(device)} · ${position}`
}

/** Says that a list ends early. */
function rest (count: number, one: string, many: string): Html {
  return count === 0 ? none : html`<p>And ${counted(count, one, many)} more, for which this page has no room. <a href="/labware">The page Labware</a> finds them.</p>`
}

function emptySentence ({ devices, missing }: PresentLabware, device: string | undefined): string {
  if (device !== undefined) return 'Nothing stands on this device, and no lid lies there.'
  if (devices.length === 0) return 'The lab has no devices yet. Apply a lab file first.'
  return missing.length > 0 ? 'No container has a known place.' : 'No labware is present.'
}

function counted (count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

type Times = ((time: string, how?: 'date') => Html) & { zone: string }

/**
 * Times as the machine of the service has them: to the minute, and without a date on the day of `now`. Without seconds, a page on which nothing
 * changed stays the same for a minute, and browsers are told so (ETag).
 */
function timesAsOf (now: string): Times {
  const { timeZone: zone } = new Intl.DateTimeFormat().resolvedOptions()
  // Swedish writes dates as ISO 8601 does.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  const [today] = format.format(new Date(now)).split(' ')
  const times = (time: string, how?: 'date'): Html => {
    const [day, clock] = format.format(new Date(time)).split(' ')
    return html`<time datetime="${how === 'date' ? `${time.slice(0, 16)}Z` : time}">${how === undefined && day === today ? clock! : `${day} ${clock}`}</time>`
  }
  return Object.assign(times, { zone })
}

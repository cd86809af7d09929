import { html } from '../../domain/html.ts'
import { htmlDocument, htmlPolicy } from '../html-document.ts'

// The key must not be in an address or in the history of the browser, so the form is sent by a script, as JSON.
const script = `
const form = document.querySelector('form')
const signOut = document.querySelector('#sign-out')
const said = document.querySelector('[role=status]')
// Back to the page that asked for a key; never to another site.
const asked = new URLSearchParams(location.search).get('to') || '/'
const next = new URL(asked, location.origin).origin === location.origin ? asked : '/'
document.querySelector('#by-camera').href = '/sign-in/scan?to=' + encodeURIComponent(next)
async function ask (method, body) {
  try {
    const answer = await fetch('/api/session', { method, headers: body ? { 'content-type': 'application/json' } : {}, body: body && JSON.stringify(body) })
    return { ok: answer.ok, ...answer.status === 204 ? {} : await answer.json() }
  } catch {
    return { ok: false, detail: 'The service does not answer. Try again.' }
  }
}
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  said.textContent = 'Signing in ...'
  const { ok, detail } = await ask('POST', { key: form.elements.key.value.trim(), remember: form.elements.remember.checked })
  if (ok) location.replace(next)
  else said.textContent = detail
})
// A scanner types wherever the focus is.
addEventListener('keydown', ({ key, ctrlKey, metaKey, altKey }) => {
  if (key.length === 1 && !ctrlKey && !metaKey && !altKey && document.activeElement === document.body) form.elements.key.focus()
})
signOut.addEventListener('click', async () => {
  const { ok, detail } = await ask('DELETE')
  if (ok) location.reload()
  else said.textContent = detail
})
ask('GET').then(({ ok, auth, actor }) => {
  if (!ok) return
  said.textContent = auth === 'none' ? 'This service needs no key from this machine.' : 'Signed in as ' + actor + '.'
  signOut.hidden = auth !== 'session'
})
`

/** What the page may do. */
export const signInPolicy = htmlPolicy(script)

/** The page on which people sign in with a key, by typing, by a password manager, or with a scanner that types. */
export const signInPage = htmlDocument({
  title: 'Sign in',
  script,
  body: html`
<h1>Sign in</h1>
<p role="status"></p>
<form method="post">
<label>API key <input type="password" name="key" required maxlength="512" autocomplete="current-password" autofocus></label>
<label><input type="checkbox" name="remember"> Stay signed in for 90 days on this device</label>
<button>Sign in</button> <button type="button" id="sign-out" hidden>Sign out</button>
</form>
<p><a id="by-camera" href="/sign-in/scan">Scan a badge with the camera</a></p>
<noscript><p>Signing in needs JavaScript. Programs send the key as <code>Authorization: Bearer</code>.</p></noscript>
<nav aria-label="Pages"><a href="/">The lab now</a> <a href="/present">All present labware</a></nav>`
})

import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import { keyFault } from '../domain/keys.ts'
import type { Log } from '../domain/log.ts'
import { OperatorError } from '../domain/operator-error.ts'
import { isLoopbackName } from '../plugins/loopback.ts'
import type { KeyStore } from '../store/keys.ts'

/**
 * Makes the first key of BOOTSTRAP_ADMIN_KEY_FILE, if there is none yet, and sees to it that the service does not listen
 * where others reach it before anybody can be told apart. Throws a OperatorError for what the reader can mend.
 */
export async function prepareKeys (config: Pick<Config, 'auth' | 'host' | 'bootstrapAdminKeyFile' | 'corsOrigins'>, keys: KeyStore, log: Pick<Log, 'info' | 'warn'>): Promise<void> {
  const { auth, host, corsOrigins, bootstrapAdminKeyFile: file } = config
  if (file !== null) await createBootstrapKey(readKey(file), keys, log)
  if (auth === 'off') {
    log.warn({ host }, 'AUTH=off: everybody who reaches this address may do everything')
  } else if (!isLoopbackName(host) && !await keys.exist()) {
    throw new OperatorError(`There is no key yet, and at HOST=${host} others reach this service. Make the first key with ` +
      '"npm run keys -- create --name admin --scopes admin", or put one into a file and name it in BOOTSTRAP_ADMIN_KEY_FILE; ' +
      'HOST=127.0.0.1 serves this machine without keys, AUTH=off everybody.')
  } else if (corsOrigins.length > 0 && !await keys.exist()) {
    throw new OperatorError('CORS_ORIGINS lets pages of other origins call this service, and there is no key yet that they must send. ' +
      'Make the first key with "npm run keys -- create --name admin --scopes admin", or unset CORS_ORIGINS. AUTH=off lets these pages do everything.')
  }
}

async function createBootstrapKey (key: string, keys: KeyStore, log: Pick<Log, 'info' | 'warn'>): Promise<void> {
  if (await keys.createFirst(key)) log.info({ name: 'admin' }, 'the first key was made of BOOTSTRAP_ADMIN_KEY_FILE')
  else if (await keys.find(key) === null) log.warn({}, 'BOOTSTRAP_ADMIN_KEY_FILE holds none of the keys: there were keys before, so it was not made one')
}

/** The key in a file; its text is never repeated in an error. */
function readKey (file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new OperatorError(`BOOTSTRAP_ADMIN_KEY_FILE cannot be read (${(error as Error).message}): correct the path, or let this user read it.`, { cause: error })
  }
  const key = text.trim()
  const fault = keyFault(key)
  if (fault !== null) throw new OperatorError(`The key in BOOTSTRAP_ADMIN_KEY_FILE (${file}) ${fault}. "openssl rand -hex 32" makes a good one.`)
  return key
}

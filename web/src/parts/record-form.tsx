import { SignedForm, type FormProps } from './signed-form.tsx'
import { useSigning } from './use-signing.ts'

/** A form that records something, with a signature of its own. */
export function RecordForm ({ scope = 'operate', ...form }: FormProps & { scope?: 'operate' | 'admin' }) {
  return <SignedForm {...form} signing={useSigning(scope)} />
}

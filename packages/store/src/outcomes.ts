/** No such chat or thing for this caller: missing and foreign look the same [H2]. */
export type NotFound = { readonly kind: 'not_found' };

/** The caller is a member, but their role does not allow it. */
export type Forbidden = { readonly kind: 'forbidden' };

export const notFound: NotFound = { kind: 'not_found' };
export const forbidden: Forbidden = { kind: 'forbidden' };

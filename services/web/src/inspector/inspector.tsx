/** «See it work»: the way of the last messages through the cluster. Fills the layout's slot; renders nothing while it is closed. */
export function Inspector() {
  return null;
}

/** Menus that open beside what was pressed. */

/**
 * Places a menu below or above an element, within the window.
 *
 * @param {HTMLElement} menu
 * @param {DOMRect} at
 */
export function placeMenu(menu, at) {
  const [width, height] = [menu.offsetWidth, menu.offsetHeight];
  const left = Math.max(4, Math.min(at.left, innerWidth - width - 4));
  const below = at.bottom + 4;
  const top = below + height <= innerHeight ? below : Math.max(4, at.top - height - 4);
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

/** Places each menu when its button opens it. */
export function placeMenus() {
  for (const button of document.querySelectorAll('[popovertarget]')) {
    const menu = document.getElementById(button.getAttribute('popovertarget') ?? '');
    menu?.addEventListener('toggle', (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === 'open') placeMenu(menu, button.getBoundingClientRect());
    });
  }
}

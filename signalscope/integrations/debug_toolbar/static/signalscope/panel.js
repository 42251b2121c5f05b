/**
 * Brings the panel to life wherever the toolbar puts its content.
 *
 * The toolbar loads this module once, and puts new content into the page whenever the panel is opened
 * or the history switches to another request.
 */
import { Panel } from "./tabs.js";

function toolbarElement() {
    const host = document.getElementById("djDebugRoot");
    return (host?.shadowRoot ?? host)?.querySelector("#djDebug");
}

function start() {
    const toolbar = toolbarElement();
    const setUpAll = () => {
        for (const root of toolbar.querySelectorAll(".ss:not([data-ready])")) {
            root.dataset.ready = "";
            if (root.querySelector(".ss-content")) {
                new Panel(root).start();
            }
        }
    };
    toolbar?.addEventListener("djdt.panel.render", setUpAll);
    if (toolbar) {
        setUpAll();
    }
}

// The content may be there already, since this loads beside it; or the page may still be coming.
if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
} else {
    start();
}

"""placeholder"""
def random_level(difficulty, layout, grid): raise NotImplementedError
